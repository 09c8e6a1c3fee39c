import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import {
  LLAMA_NAMES,
  positive,
  SHARED_KEYS,
  sharedChoices,
  sharedConfig,
  sharedRotation,
} from "../causal/sharedConfig.ts";

const Config = z.object({
  ...SHARED_KEYS,
  rms_norm_eps: positive.default(1e-5),
  attention_bias: z.boolean().default(false),
});

/** OLMo 2 (Walsh et al. 2024): norms of each sublayer's output, none of its input; norms over all queries and keys. */
export const olmo2 = causalFamily({
  modelTypes: ["olmo2"],
  modelClass: "Olmo2ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { attention_bias: attention } = config;
    return causalArchitecture(
      {
        ...sharedChoices(file, config, sharedRotation(file, config)),
        headNorm: "all",
        biases: { attentionInput: attention, attentionOutput: attention, feedForward: false, head: false },
        names: {
          ...LLAMA_NAMES,
          queryNorm: "q_norm",
          keyNorm: "k_norm",
          norms: { attentionOutput: "post_attention_layernorm", feedForwardOutput: "post_feedforward_layernorm" },
        },
      },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
