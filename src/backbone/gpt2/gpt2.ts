import * as z from "zod";
import { causalArchitecture, type CausalChoices } from "../causal/causalArchitecture.ts";
import type { CausalNames } from "../causal/causalConfig.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { OLDER_KEYS, olderChoices, olderConfig } from "../causal/olderConfig.ts";
import type { ConfigFile } from "../configFile.ts";

const Config = z.object({
  ...OLDER_KEYS,
  tie_word_embeddings: z.boolean().default(true),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
});

const NAMES: CausalNames = {
  embedding: "transformer.wte.weight",
  positions: "transformer.wpe.weight",
  layers: "transformer.h.",
  attention: "attn",
  attentionInput: { kind: "fused", module: "c_attn", groups: 1, order: ["query", "key", "value"] },
  attentionOutput: "c_proj",
  feedForward: "mlp",
  feedForwardInput: { kind: "plain", up: "c_fc" },
  feedForwardOutput: "c_proj",
  norms: { attentionInput: "ln_1", feedForwardInput: "ln_2" },
  finalNorm: "transformer.ln_f",
  head: "lm_head",
};

function choicesOf(file: ConfigFile, config: z.infer<typeof Config>): CausalChoices {
  const { n_positions: positions } = config;
  const shared = olderChoices(file, config);
  const scoreFactor = config.scale_attn_weights ? shared.headWidth ** -0.5 : 1;
  return {
    ...shared,
    layers: Array.from({ length: config.n_layer }, (_, layer) =>
      config.scale_attn_by_inverse_layer_idx ? { scoreFactor: scoreFactor / (layer + 1) } : {},
    ),
    rotations: [],
    positions,
    parallel: false,
    scoreFactor,
    biases: { attentionInput: true, attentionOutput: true, feedForward: true, head: false },
    isTransposed: true,
    names: NAMES,
    defaultTargets: { lora: ["c_attn"], ia3: { outputs: ["c_attn"], inputs: ["mlp.c_proj"] } },
  };
}

/** GPT-2 (Radford et al. 2019): learned positions, fused queries, keys and values, weights stored as (in, out). */
export const gpt2 = causalFamily({
  modelTypes: ["gpt2"],
  modelClass: "GPT2LMHeadModel",
  read(file, tensors) {
    const config = olderConfig(file, Config);
    return causalArchitecture(choicesOf(file, config), { tensors, tie: config.tie_word_embeddings });
  },
});
