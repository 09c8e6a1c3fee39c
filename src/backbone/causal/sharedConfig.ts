import * as z from "zod";
import { checkedConfig, type ConfigFile } from "../configFile.ts";
import type { DefaultTargets } from "../layout.ts";
import type { CausalConfig, CausalNames, Rotation } from "./causalConfig.ts";
import { RopeSchema, scalingOf, type RopeValues } from "./ropeConfig.ts";

/** More layers than any published model has. */
const MOST_LAYERS = 512;
export const size = z.number().int().positive().max(1_000_000);
export const positive = z.number().positive();
const token = z.number().int().nonnegative().max(10_000_000);

/** `eos_token_id`: a token or several. */
export const EndTokens = z.union([token, z.array(token).max(100)]).nullish();
export const endList = (ends: z.infer<typeof EndTokens>): number[] => [ends ?? []].flat();

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
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  eos_token_id: EndTokens,
  pad_token_id: token.nullish(),
};
export type SharedKeys = z.infer<z.ZodObject<typeof SHARED_KEYS>>;

/** Parses a config, and refuses heads that do not divide. */
export function sharedConfig<T extends SharedKeys>(file: ConfigFile, schema: z.ZodType<T>): T {
  return checkedConfig(
    file,
    schema
      .refine((c) => c.num_attention_heads % (c.num_key_value_heads ?? c.num_attention_heads) === 0, {
        path: ["num_key_value_heads"],
        error: "num_attention_heads must be a multiple of it",
      })
      .refine((c) => c.head_dim != null || c.hidden_size % c.num_attention_heads === 0, {
        path: ["hidden_size"],
        error: "it must be a multiple of num_attention_heads where head_dim is not given",
      }),
  );
}

/** Width of a head. */
export const headWidthOf = ({ head_dim, hidden_size, num_attention_heads }: SharedKeys): number =>
  head_dim ?? hidden_size / num_attention_heads;

/** The rotation that a config of the Llama kind describes. */
export function rotationOf(file: ConfigFile, config: SharedKeys, own?: RopeValues): Rotation {
  const rope = own ?? config.rope_parameters ?? config.rope_scaling ?? {};
  const part = rope.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  const width = Math.floor(headWidthOf(config) * part);
  const scaling = scalingOf(rope, {
    path: file.path,
    longest: config.max_position_embeddings ?? undefined,
    original: config.original_max_position_embeddings ?? undefined,
    pairs: width / 2,
  });
  return { theta: rope.rope_theta ?? config.rope_theta, width, pairs: "halves", scaling };
}

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
 * @param has whether the weights hold a tensor: a head of its own decides, whatever tie_word_embeddings says
 */
export function sharedChoices(file: ConfigFile, config: SharedKeys, has: (tensor: string) => boolean): CausalConfig {
  const headWidth = headWidthOf(config);
  const ends = endList(config.eos_token_id);
  return {
    vocabulary: config.vocab_size,
    width: config.hidden_size,
    hidden: config.intermediate_size,
    heads: config.num_attention_heads,
    keyValueHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headWidth,
    layers: Array.from({ length: config.num_hidden_layers }, () => ({ rotation: 0 })),
    rotations: [rotationOf(file, config)],
    ...(config.max_position_embeddings != null && { longest: config.max_position_embeddings }),
    norm: "rms",
    epsilon: config.rms_norm_eps,
    parallel: false,
    activation: "silu",
    scoreFactor: headWidth ** -0.5,
    embeddingScale: 1,
    biases: { attentionInput: false, attentionOutput: false, feedForward: false, head: false },
    isTransposed: false,
    tied: !has(`${LLAMA_NAMES.head}.weight`),
    ends,
    pad: config.pad_token_id ?? ends[0] ?? 0,
    names: LLAMA_NAMES,
    defaultTargets: LLAMA_TARGETS,
  };
}
