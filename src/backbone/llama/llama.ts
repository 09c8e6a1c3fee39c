import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { SHARED_KEYS, sharedChoices, sharedConfig, sharedRotation } from "../causal/sharedConfig.ts";

const Config = z.object({
  ...SHARED_KEYS,
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

/** Llama 1 to 3 (Touvron et al. 2023; Grattafiori et al. 2024), and SmolLM 1 and 2, which have its architecture. */
export const llama = causalFamily({
  modelTypes: ["llama"],
  modelClass: "LlamaForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { attention_bias: attention, mlp_bias: feedForward } = config;
    const biases = { attentionInput: attention, attentionOutput: attention, feedForward, head: false };
    return causalArchitecture(
      { ...sharedChoices(file, config, sharedRotation(file, config)), biases },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
