import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { QWEN_WINDOWS, qwenLayers } from "../causal/qwenWindows.ts";
import { LLAMA_NAMES, SHARED_KEYS, sharedChoices, sharedConfig, sharedRotation, size } from "../causal/sharedConfig.ts";

const Config = z.object({
  ...SHARED_KEYS,
  num_key_value_heads: size.nullable().default(32),
  head_dim: size.default(128),
  attention_bias: z.boolean().default(false),
  ...QWEN_WINDOWS,
});

/** Qwen 3 (Yang et al. 2025), not its mixtures of experts: a Llama with norms of queries and keys in each head. */
export const qwen3 = causalFamily({
  modelTypes: ["qwen3"],
  modelClass: "Qwen3ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { attention_bias: attention } = config;
    return causalArchitecture(
      {
        ...sharedChoices(file, config, sharedRotation(file, config)),
        layers: qwenLayers(file, config),
        headNorm: "head",
        biases: { attentionInput: attention, attentionOutput: attention, feedForward: false, head: false },
        names: { ...LLAMA_NAMES, queryNorm: "q_norm", keyNorm: "k_norm" },
        defaultTargets: { lora: ["q_proj", "v_proj"], ia3: { outputs: ["q_proj", "v_proj"], inputs: ["down_proj"] } },
      },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
