import * as z from "zod";
import { checkedConfig, type ConfigFile } from "../configFile.ts";

/** The largest published T5 has 24 layers. */
const MOST_LAYERS = 256;
/** The values of `model_type` that are T5s; ByT5 is "t5" with bytes as tokens. */
export const T5_TYPES = ["t5", "mt5", "umt5"] as const;
export type T5Type = (typeof T5_TYPES)[number];
const size = z.number().int().positive().max(1_000_000);
const layers = size.max(MOST_LAYERS);
const Config = z
  .object({
    model_type: z.enum(T5_TYPES),
    vocab_size: size,
    d_model: size,
    d_kv: size,
    d_ff: size,
    num_layers: layers,
    num_heads: size,
    num_decoder_layers: layers.nullish(),
    feed_forward_proj: z.enum(["relu", "gated-gelu"]).optional(),
    tie_word_embeddings: z.boolean().default(true),
    scale_decoder_outputs: z.boolean().optional(),
    relative_attention_num_buckets: size.min(2).default(32),
    relative_attention_max_distance: size.default(128),
    layer_norm_epsilon: z.number().positive().default(1e-6),
    pad_token_id: z.number().int().nonnegative().default(0),
    eos_token_id: z.number().int().nonnegative().default(1),
    decoder_start_token_id: z.number().int().nonnegative().default(0),
  })
  .refine(
    (c) => c.relative_attention_max_distance > c.relative_attention_num_buckets / 2,
    "relative_attention_max_distance must be above half of relative_attention_num_buckets",
  )
  .refine(
    (c) => Math.max(c.pad_token_id, c.eos_token_id, c.decoder_start_token_id) < c.vocab_size,
    "pad_token_id, eos_token_id and decoder_start_token_id must lie inside the vocabulary",
  );

type Parsed = z.infer<typeof Config>;

/** The sizes and constants of a T5, from its config.json. */
export interface T5Config {
  modelType: T5Type;
  vocabulary: number;
  width: number;
  headWidth: number;
  hidden: number;
  layers: number;
  decoderLayers: number;
  heads: number;
  gated: boolean;
  tied: boolean;
  /** Whether the decoder's output is multiplied by width^-0.5 before the head. */
  scaled: boolean;
  /** Whether every layer has relative position biases of its own (umT5); else the first layer's serve all. */
  layersHaveBiases: boolean;
  buckets: number;
  maxDistance: number;
  epsilon: number;
  pad: number;
  eos: number;
  start: number;
}

/**
 * Whether the decoder's output is scaled. mT5 never is: transformers 5 writes that its head is tied, where it is not.
 * umT5 has no key of its own for it.
 */
function isScaled({ model_type: type, scale_decoder_outputs: scaled, tie_word_embeddings: tied }: Parsed): boolean {
  if (type === "mt5") return false;
  return type === "t5" ? (scaled ?? tied) : tied;
}

/**
 * Reads the config.json of a T5 (v1.0 and v1.1, as transformers 4 and 5 write it), an mT5 or a umT5.
 * @param ownHead whether the weights hold a head of their own: the file then decides, whatever tie_word_embeddings says
 * @throws UserError naming the file and the key
 */
export function readT5Config(file: ConfigFile, ownHead: boolean): T5Config {
  const c = checkedConfig(file, Config);
  const { model_type: modelType } = c;
  return {
    modelType,
    vocabulary: c.vocab_size,
    width: c.d_model,
    headWidth: c.d_kv,
    hidden: c.d_ff,
    layers: c.num_layers,
    decoderLayers: c.num_decoder_layers ?? c.num_layers,
    heads: c.num_heads,
    gated: (c.feed_forward_proj ?? (modelType === "t5" ? "relu" : "gated-gelu")) === "gated-gelu",
    tied: !ownHead,
    scaled: isScaled(c),
    layersHaveBiases: modelType === "umt5",
    buckets: c.relative_attention_num_buckets,
    maxDistance: c.relative_attention_max_distance,
    epsilon: c.layer_norm_epsilon,
    pad: c.pad_token_id,
    eos: c.eos_token_id,
    start: c.decoder_start_token_id,
  };
}

/** Whether the config says that the head is the embedding table. @throws UserError naming the file and the key */
export const isTied = (file: ConfigFile): boolean => checkedConfig(file, Config).tie_word_embeddings;
