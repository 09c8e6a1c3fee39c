import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { causalArchitecture, type CausalChoices } from "../causal/causalArchitecture.ts";
import type { CausalNames } from "../causal/causalConfig.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { OLDER_KEYS, olderChoices, olderConfig } from "../causal/olderConfig.ts";
import type { ConfigFile } from "../configFile.ts";

const Config = z.object({
  ...OLDER_KEYS,
  rotary_dim: z.number().int().positive().multipleOf(2).default(64),
  tie_word_embeddings: z.boolean().default(false),
});

/** Queries, keys and values are stored in blocks for so many processors. */
const BLOCKS = 4;

const NAMES: CausalNames = {
  embedding: "transformer.wte.weight",
  layers: "transformer.h.",
  attention: "attn",
  attentionInput: { kind: "fused", module: "qkv_proj", groups: BLOCKS, order: ["query", "value", "key"] },
  attentionOutput: "out_proj",
  feedForward: "mlp",
  feedForwardInput: { kind: "plain", up: "fc_in" },
  feedForwardOutput: "fc_out",
  // One norm for both sublayers.
  norms: { attentionInput: "ln_1", feedForwardInput: "ln_1" },
  finalNorm: "transformer.ln_f",
  head: "lm_head",
};

function choicesOf(file: ConfigFile, config: z.infer<typeof Config>): CausalChoices {
  const { rotary_dim: rotating } = config;
  const shared = olderChoices(file, config);
  const { heads, headWidth } = shared;
  if (heads % BLOCKS !== 0 || rotating > headWidth)
    throw new UserError(
      "codegen-heads",
      phrase`${file.path}: n_head must be a multiple of ${BLOCKS}, and rotary_dim at most n_embd / n_head`,
    );
  return {
    ...shared,
    layers: Array.from({ length: config.n_layer }, () => ({ rotation: 0 })),
    rotations: [{ theta: 10_000, width: rotating, pairs: "neighbours", scaling: { type: "default" } }],
    parallel: true,
    scoreFactor: headWidth ** -0.5,
    biases: { attentionInput: false, attentionOutput: false, feedForward: true, head: true },
    isTransposed: false,
    names: NAMES,
    defaultTargets: { lora: ["qkv_proj"], ia3: { outputs: ["qkv_proj"], inputs: ["fc_out"] } },
  };
}

/** CodeGen (Nijkamp et al. 2022): both sublayers read one norm, and neighbouring dims of a head rotate in part. */
export const codegen = causalFamily({
  modelTypes: ["codegen"],
  modelClass: "CodeGenForCausalLM",
  read(file, tensors) {
    const config = olderConfig(file, Config);
    return causalArchitecture(choicesOf(file, config), { tensors, tie: config.tie_word_embeddings });
  },
});
