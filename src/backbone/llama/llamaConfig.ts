import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { checkedConfig, type ConfigFile } from "../configFile.ts";

/** The largest published Llama has 126 layers. */
const MOST_LAYERS = 256;
const size = z.number().int().positive().max(1_000_000);
const factor = z.number().positive();

/** `rope_scaling` of transformers 4 or `rope_parameters` of transformers 5. The type also has an older key. */
const Rope = z.object({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: factor.optional(),
  factor: factor.optional(),
  low_freq_factor: factor.optional(),
  high_freq_factor: factor.optional(),
  original_max_position_embeddings: size.optional(),
});
const Config = z
  .object({
    model_type: z.literal("llama"),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size.max(MOST_LAYERS),
    num_attention_heads: size,
    num_key_value_heads: size.nullish(),
    head_dim: size.multipleOf(2).nullish(),
    hidden_act: z.literal("silu").default("silu"),
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: factor.default(10_000),
    rope_scaling: Rope.nullish(),
    rope_parameters: Rope.nullish(),
    attention_bias: z.literal(false, "biases are not supported").default(false),
    mlp_bias: z.literal(false, "biases are not supported").default(false),
  })
  .refine((c) => c.num_attention_heads % (c.num_key_value_heads ?? c.num_attention_heads) === 0, {
    path: ["num_key_value_heads"],
    error: "num_attention_heads must be a multiple of it",
  })
  .refine((c) => c.head_dim != null || c.hidden_size % (2 * c.num_attention_heads) === 0, {
    path: ["hidden_size"],
    error: "it must be an even multiple of num_attention_heads where head_dim is not given",
  });

/** How rotation frequencies are scaled for texts longer than those of pre-training. */
export type RopeScaling =
  | { type: "default" }
  | { type: "linear"; factor: number }
  | { type: "llama3"; factor: number; low: number; high: number; original: number };

/** The sizes and constants of a Llama, from its config.json. */
export interface LlamaConfig {
  vocabulary: number;
  width: number;
  hidden: number;
  layers: number;
  heads: number;
  /** Heads of keys and values; each serves heads / keyValueHeads heads of queries. */
  keyValueHeads: number;
  headWidth: number;
  epsilon: number;
  tied: boolean;
  theta: number;
  scaling: RopeScaling;
}

/** @throws UserError for a type of scaling that is not supported, or without its factors */
function scalingOf(path: string, rope: z.infer<typeof Rope> | null | undefined): RopeScaling {
  const type = rope?.rope_type ?? rope?.type ?? "default";
  if (type === "default") return { type };
  if (type === "linear" && rope?.factor !== undefined) return { type, factor: rope.factor };
  const { factor: by, low_freq_factor: low, high_freq_factor: high } = rope ?? {};
  const original = rope?.original_max_position_embeddings;
  if (type === "llama3" && by !== undefined && low !== undefined && high !== undefined && original !== undefined)
    return { type, factor: by, low, high, original };
  throw new UserError(
    "rope-scaling-unsupported",
    phrase`${path}: rope_scaling of type "${type.slice(0, 40)}" is not supported, or lacks its factors`,
    phrase`Use a model without rope_scaling, or with the type "linear" or "llama3".`,
  );
}

/**
 * Reads a Llama config.json, as transformers 4 and 5 write it.
 * @param ownHead whether the weights hold lm_head.weight: the file then decides, whatever tie_word_embeddings says
 * @throws UserError naming the file and the key
 */
export function readLlamaConfig(file: ConfigFile, ownHead: boolean): LlamaConfig {
  const c = checkedConfig(file, Config);
  const rope = c.rope_parameters ?? c.rope_scaling;
  return {
    vocabulary: c.vocab_size,
    width: c.hidden_size,
    hidden: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headWidth: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    epsilon: c.rms_norm_eps,
    tied: !ownHead,
    theta: rope?.rope_theta ?? c.rope_theta,
    scaling: scalingOf(file.path, rope),
  };
}
