import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { causalArchitecture, type CausalChoices } from "../causal/causalArchitecture.ts";
import type { CausalNames } from "../causal/causalConfig.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { specialTokens } from "../causal/causalTokens.ts";
import { OLDER_KEYS, olderConfig } from "../causal/olderConfig.ts";
import type { ConfigFile } from "../configFile.ts";

const Config = z.object({
  ...OLDER_KEYS,
  rotary_dim: z.number().int().positive().multipleOf(2).default(64),
  tie_word_embeddings: z.boolean().default(false),
});

/** The id of "<|endoftext|>". */
const END = 50_256;
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
  const { n_embd: width, n_head: heads, rotary_dim: rotating } = config;
  const headWidth = width / heads;
  if (heads % BLOCKS !== 0 || rotating > headWidth)
    throw new UserError(
      "codegen-heads",
      phrase`${file.path}: n_head must be a multiple of ${BLOCKS}, and rotary_dim at most n_embd / n_head`,
    );
  return {
    vocabulary: config.vocab_size,
    width,
    hidden: config.n_inner ?? 4 * width,
    heads,
    keyValueHeads: heads,
    headWidth,
    layers: Array.from({ length: config.n_layer }, () => ({ rotation: 0 })),
    rotations: [{ theta: 10_000, width: rotating, pairs: "neighbours", scaling: { type: "default" } }],
    longest: config.n_positions,
    norm: "layer",
    epsilon: config.layer_norm_epsilon,
    parallel: true,
    activation: config.activation_function,
    scoreFactor: headWidth ** -0.5,
    embeddingScale: 1,
    biases: { attentionInput: false, attentionOutput: false, feedForward: true, head: true },
    dropout: { embedding: true, sublayers: true },
    isTransposed: false,
    ...specialTokens(file, config, END),
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
