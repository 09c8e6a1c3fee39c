import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { QWEN_WINDOWS, qwenLayers } from "../causal/qwenWindows.ts";
import { SHARED_KEYS, sharedChoices, sharedConfig, sharedRotation, size } from "../causal/sharedConfig.ts";

const Config = z.object({ ...SHARED_KEYS, num_key_value_heads: size.nullable().default(32), ...QWEN_WINDOWS });

/** Qwen 2 and 2.5 (Yang et al. 2024): a Llama with biases on queries, keys and values. */
export const qwen2 = causalFamily({
  modelTypes: ["qwen2"],
  modelClass: "Qwen2ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    return causalArchitecture(
      {
        ...sharedChoices(file, config, sharedRotation(file, config)),
        layers: qwenLayers(file, config),
        biases: { attentionInput: true, attentionOutput: false, feedForward: false, head: false },
        defaultTargets: { lora: ["q_proj", "v_proj"], ia3: { outputs: ["q_proj", "v_proj"], inputs: ["down_proj"] } },
      },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
