import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFoldedReadme } from "../causal/foldedReadme.ts";
import { SHARED_KEYS, sharedChoices, sharedConfig } from "../causal/sharedConfig.ts";
import type { Family } from "../family.ts";

const Config = z.object({
  ...SHARED_KEYS,
  hidden_act: z.literal("silu").default("silu"),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

/** Llama 1 to 3 (Touvron et al. 2023; Grattafiori et al. 2024), and SmolLM 1 and 2, which have its architecture. */
export const llama: Family = {
  modelTypes: ["llama"],
  isComplete: false,
  read(file, has) {
    const config = sharedConfig(file, Config);
    const { attention_bias: attention, mlp_bias: feedForward } = config;
    return causalArchitecture({
      ...sharedChoices(file, config, has),
      biases: { attentionInput: attention, attentionOutput: attention, feedForward, head: false },
    });
  },
  foldedReadme: causalFoldedReadme("LlamaForCausalLM"),
};
