import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { outOfBounds } from "../../base/jsonBounds.ts";

/** A config.json has some kilobytes; the largest T5 has 24 layers. */
const MOST_BYTES = 1024 * 1024;
const MOST_LAYERS = 256;
const size = z.number().int().positive().max(1_000_000);
const layers = size.max(MOST_LAYERS);
const Config = z
  .object({
    model_type: z.literal("t5"),
    vocab_size: size,
    d_model: size,
    d_kv: size,
    d_ff: size,
    num_layers: layers,
    num_heads: size,
    num_decoder_layers: layers.nullish(),
    feed_forward_proj: z.enum(["relu", "gated-gelu"]).default("relu"),
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

export interface T5Config {
  vocabulary: number;
  width: number;
  headWidth: number;
  hidden: number;
  layers: number;
  decoderLayers: number;
  heads: number;
  gated: boolean;
  tied: boolean;
  scaled: boolean;
  buckets: number;
  maxDistance: number;
  epsilon: number;
  pad: number;
  eos: number;
  start: number;
}

/**
 * Reads a T5 config.json (v1.0 and v1.1, as transformers 4 and 5 write it).
 * @param ownHead whether the weights hold lm_head.weight: the file then decides, whatever tie_word_embeddings says
 * @throws UserError naming the file and the key
 */
export function readT5Config(folder: string, ownHead: boolean): T5Config {
  const path = join(folder, "config.json");
  const text = boundedText(path, MOST_BYTES);
  const out = outOfBounds(text);
  if (out !== undefined) throw new UserError(`${path} has ${out.what}`, "Give the folder of a Hugging Face T5 model.");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(
      `${path} cannot be read as JSON: ${(error as Error).message}`,
      "Give the folder of a Hugging Face T5 model.",
    );
  }
  const type = z.object({ model_type: z.string() }).safeParse(json);
  if (type.success && type.data.model_type !== "t5")
    throw new UserError(
      `${path}: model type "${type.data.model_type.slice(0, 40)}" is not supported`,
      'Use a T5 model (model_type "t5").',
    );
  const parsed = Config.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(
      `${path}: ${[issue?.path.join(".") ?? "", issue?.message ?? "malformed"].filter((part) => part !== "").join(": ")}`,
    );
  }
  const c = parsed.data;
  return {
    vocabulary: c.vocab_size,
    width: c.d_model,
    headWidth: c.d_kv,
    hidden: c.d_ff,
    layers: c.num_layers,
    decoderLayers: c.num_decoder_layers ?? c.num_layers,
    heads: c.num_heads,
    gated: c.feed_forward_proj === "gated-gelu",
    tied: !ownHead,
    scaled: c.scale_decoder_outputs ?? c.tie_word_embeddings,
    buckets: c.relative_attention_num_buckets,
    maxDistance: c.relative_attention_max_distance,
    epsilon: c.layer_norm_epsilon,
    pad: c.pad_token_id,
    eos: c.eos_token_id,
    start: c.decoder_start_token_id,
  };
}

/**
 * T5's relative position buckets (Raffel et al. 2020, as Hugging Face computes them).
 * @returns (queries, keys) row-major; query i stands at `from + i`, key j at j
 */
export function relativeBuckets(
  config: T5Config,
  shape: { queries: number; keys: number; from: number; bidirectional: boolean },
): Int32Array {
  const result = new Int32Array(shape.queries * shape.keys);
  for (let i = 0; i < shape.queries; i++) {
    for (let j = 0; j < shape.keys; j++)
      result[i * shape.keys + j] = bucket(j - (shape.from + i), config, shape.bidirectional);
  }
  return result;
}

function bucket(relative: number, config: T5Config, bidirectional: boolean): number {
  let buckets = config.buckets;
  let base = 0;
  let distance = Math.max(0, -relative);
  if (bidirectional) {
    buckets = Math.floor(buckets / 2);
    base = relative > 0 ? buckets : 0;
    distance = Math.abs(relative);
  }
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return base + distance;
  // PyTorch computes this in fp32: at a bucket's edge the rounding decides, so it is repeated here.
  const f = Math.fround;
  const logarithm = f(Math.log(f(distance / exact)));
  const scaled = f(f(logarithm / f(Math.log(config.maxDistance / exact))) * (buckets - exact));
  return base + Math.min(buckets - 1, exact + Math.trunc(scaled));
}
