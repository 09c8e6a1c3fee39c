import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { checkedConfig, type ConfigFile } from "../configFile.ts";
import type { DefaultTargets } from "../layout.ts";
import type { CausalChoices } from "./causalArchitecture.ts";
import type { CausalNames, Rotation } from "./causalConfig.ts";
import { Activation } from "./activation.ts";
import { specialTokens, Token } from "./causalTokens.ts";
import { RopeSchema, scalingOf, type RopeValues } from "./ropeConfig.ts";
import { refuseUnsupportedKeys } from "./unsupportedKeys.ts";

/** More layers than any published model has. */
export const MOST_LAYERS = 512;
export const size = z.number().int().positive().max(1_000_000);
export const positive = z.number().positive();
/** The keys that configs of the Llama kind share; a family adds its own. */
export const SHARED_KEYS = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size.max(MOST_LAYERS),
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  rms_norm_eps: positive.default(1e-6),
  max_position_embeddings: size.max(100_000_000).nullish(),
  original_max_position_embeddings: size.max(100_000_000).nullish(),
  rope_theta: positive.default(10_000),
  rope_scaling: RopeSchema.nullish(),
  rope_parameters: RopeSchema.nullish(),
  hidden_act: Activation.default("silu"),
  tie_word_embeddings: z.boolean().default(false),
  pad_token_id: Token.nullish(),
};
/** Their values; a family may read `rope_parameters` in another form. */
export type SharedKeys = Omit<z.infer<z.ZodObject<typeof SHARED_KEYS>>, "rope_parameters">;

/**
 * Parses a config.
 * @throws UserError for a key that the schema has not and that would change the result, for a malformed one, or for
 * heads that do not divide
 */
export function sharedConfig<T extends SharedKeys>(file: ConfigFile, schema: z.ZodObject & z.ZodType<T>): T {
  refuseUnsupportedKeys(file, new Set(Object.keys(schema.shape)));
  const config = checkedConfig<T>(file, schema);
  const { num_attention_heads: heads, num_key_value_heads: own, hidden_size: width, head_dim } = config;
  if (heads % (own ?? heads) !== 0)
    throw new UserError(
      "backbone-heads-indivisible",
      phrase`${file.path}: ${"num_attention_heads"} must be a multiple of ${"num_key_value_heads"}`,
    );
  if (head_dim == null && width % heads !== 0)
    throw new UserError(
      "backbone-width-indivisible",
      phrase`${file.path}: hidden_size must be a multiple of num_attention_heads where head_dim is not given`,
    );
  return config;
}

/** Width of a head. */
export const headWidthOf = ({ head_dim, hidden_size, num_attention_heads }: SharedKeys): number =>
  head_dim ?? hidden_size / num_attention_heads;

/** What a rotation needs of a config besides `rope_parameters` or `rope_scaling`. */
export interface RotationKeys {
  rope: RopeValues;
  /** Where `rope` has none. */
  theta: number;
  headWidth: number;
  longest: number | null | undefined;
  original?: number | null | undefined;
  /** The part of a head that rotates, in families that have one; else a part in `rope` is refused. */
  part?: number;
}

/** The rotation that a config describes. @throws UserError for values that are not supported */
export function rotationOf({ path }: ConfigFile, keys: RotationKeys): Rotation {
  const { rope, headWidth, part = 1 } = keys;
  const span = Math.floor(headWidth * part);
  const width = span + (span % 2);
  const own = rope.partial_rotary_factor ?? part;
  if (own !== part || width > headWidth || width === 0)
    throw new UserError(
      "rotation-width-unsupported",
      phrase`${path}: a rotation of ${Math.floor(headWidth * own)} of the ${headWidth} dimensions of a head is not supported`,
      phrase`Use a model whose rotation has an even number of dimensions, and all of them where its type has no partial rotation.`,
    );
  const scaling = scalingOf(rope, {
    path,
    longest: keys.longest ?? undefined,
    original: keys.original ?? undefined,
    pairs: width / 2,
  });
  return { theta: rope.rope_theta ?? keys.theta, width, ...(span !== width && { span }), pairs: "halves", scaling };
}

/** The rotation of a config of the Llama kind. */
export const sharedRotation = (
  file: ConfigFile,
  config: SharedKeys & { rope_parameters?: RopeValues | null | undefined },
): Rotation =>
  rotationOf(file, {
    rope: config.rope_scaling ?? config.rope_parameters ?? {},
    theta: config.rope_theta,
    headWidth: headWidthOf(config),
    longest: config.max_position_embeddings,
    original: config.original_max_position_embeddings,
  });

/** The names of tensors in models of the Llama kind. */
export const LLAMA_NAMES: CausalNames = {
  embedding: "model.embed_tokens.weight",
  layers: "model.layers.",
  attention: "self_attn",
  attentionInput: { kind: "apart", query: "q_proj", key: "k_proj", value: "v_proj" },
  attentionOutput: "o_proj",
  feedForward: "mlp",
  feedForwardInput: { kind: "gated", gate: "gate_proj", up: "up_proj" },
  feedForwardOutput: "down_proj",
  norms: { attentionInput: "input_layernorm", feedForwardInput: "post_attention_layernorm" },
  finalNorm: "model.norm",
  head: "lm_head",
};

/** PEFT's targets in models of the Llama kind. */
export const LLAMA_TARGETS: DefaultTargets = {
  lora: ["q_proj", "v_proj"],
  ia3: { outputs: ["k_proj", "v_proj"], inputs: ["down_proj"] },
};

/**
 * The choices that models of the Llama kind share: RMS norms before each sublayer, rotary positions, a gated
 * feed-forward. A family overwrites what differs.
 * @param rotation the only one, which every layer has
 */
export function sharedChoices(file: ConfigFile, config: SharedKeys, rotation: Rotation): CausalChoices {
  const headWidth = headWidthOf(config);
  return {
    vocabulary: config.vocab_size,
    width: config.hidden_size,
    hidden: config.intermediate_size,
    heads: config.num_attention_heads,
    keyValueHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headWidth,
    layers: Array.from({ length: config.num_hidden_layers }, () => ({ rotation: 0 })),
    rotations: [rotation],
    ...(config.max_position_embeddings != null && { longest: config.max_position_embeddings }),
    norm: "rms",
    epsilon: config.rms_norm_eps,
    parallel: false,
    activation: config.hidden_act,
    scoreFactor: headWidth ** -0.5,
    embeddingScale: 1,
    biases: { attentionInput: false, attentionOutput: false, feedForward: false, head: false },
    dropout: { embedding: false, sublayers: false },
    isTransposed: false,
    ...specialTokens(file, config),
    names: LLAMA_NAMES,
    defaultTargets: LLAMA_TARGETS,
  };
}
