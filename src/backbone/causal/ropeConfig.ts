import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { RotationScaling } from "./causalConfig.ts";

const factor = z.number().positive();
const length = z.number().int().positive().max(100_000_000);
const factors = z.array(factor).max(4096);

/** Refuses an object, which is a rotation of its own for a kind of layers. */
const noRotation = z
  .undefined("one rotation for each kind of layer is not supported for this type of model")
  .optional();

/** `rope_scaling` of transformers 4 or `rope_parameters` of transformers 5. The type also has an older key. */
export const RopeSchema = z.object({
  full_attention: noRotation,
  sliding_attention: noRotation,
  mrope_section: z.undefined("rotations of several axes are not supported").optional(),
  rope_type: z.string().max(100).optional(),
  type: z.string().max(100).optional(),
  rope_theta: factor.nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  factor: factor.nullish(),
  low_freq_factor: factor.nullish(),
  high_freq_factor: factor.nullish(),
  original_max_position_embeddings: length.nullish(),
  attention_factor: factor.nullish(),
  beta_fast: factor.nullish(),
  beta_slow: factor.nullish(),
  mscale: factor.nullish(),
  mscale_all_dim: factor.nullish(),
  truncate: z.boolean().nullish(),
  short_factor: factors.nullish(),
  long_factor: factors.nullish(),
});
export type RopeValues = z.infer<typeof RopeSchema>;

/** What a scaling needs besides its own values. */
export interface RopeContext {
  /** The config's path, for messages. */
  path: string;
  /** The most tokens that the model was made for, after scaling. */
  longest: number | undefined;
  /** The length of pre-training as the config says it outside the scaling; it goes before the scaling's own. */
  original: number | undefined;
  /** Pairs of a head that rotate. */
  pairs: number;
}

const unsupported = ({ path }: RopeContext, type: string, lacks: string): UserError =>
  new UserError(
    "rope-scaling-unsupported",
    phrase`${path}: rope_scaling of type "${type.slice(0, 40)}" ${lacks}`,
    phrase`Use a model whose rope_scaling is of the type default, linear, dynamic, llama3, yarn or longrope, with all its values.`,
  );

/** A value that the scaling cannot do without. */
function needed<T>(value: T | null | undefined, key: string, context: RopeContext & { type: string }): T {
  if (value === undefined || value === null) throw unsupported(context, context.type, `lacks ${key}`);
  return value;
}

/** YaRN's factor of cosines and sines: 0.1 ln(factor) + 1 (Peng et al. 2023, section 3.4). */
const scaledAttention = (by: number, slope = 1): number => (by <= 1 ? 1 : 0.1 * slope * Math.log(by) + 1);

function yarnAttention({ attention_factor, mscale, mscale_all_dim }: RopeValues, by: number): number {
  if (attention_factor != null) return attention_factor;
  if (mscale != null && mscale_all_dim != null)
    return scaledAttention(by, mscale) / scaledAttention(by, mscale_all_dim);
  return scaledAttention(by);
}

function longrope(rope: RopeValues, context: RopeContext & { type: string }): RotationScaling {
  const original = needed(
    context.original ?? rope.original_max_position_embeddings ?? context.longest,
    "original_max_position_embeddings",
    context,
  );
  const [short, long] = [
    needed(rope.short_factor, "short_factor", context),
    needed(rope.long_factor, "long_factor", context),
  ];
  if (short.length !== context.pairs || long.length !== context.pairs)
    throw unsupported(context, context.type, `has not ${context.pairs} factors`);
  const by = rope.factor ?? needed(context.longest, "factor", context) / original;
  const own = by <= 1 ? 1 : Math.sqrt(1 + Math.log(by) / Math.log(original));
  return { type: "longrope", short, long, original, attention: rope.attention_factor ?? own };
}

/**
 * The scaling of a rotation, as transformers 4 and 5 write it.
 * @throws UserError for a type that is not supported, or without its values
 */
export function scalingOf(rope: RopeValues, given: RopeContext): RotationScaling {
  const type = rope.rope_type ?? rope.type ?? "default";
  const context = { ...given, type };
  const original = (): number =>
    needed(given.original ?? rope.original_max_position_embeddings ?? given.longest, "the original length", context);
  const by = (): number => needed(rope.factor, "factor", context);
  switch (type) {
    case "default":
      return { type };
    case "linear":
      return { type, factor: by() };
    case "dynamic":
      return { type, factor: by(), original: needed(given.longest, "max_position_embeddings", context) };
    case "llama3":
      return {
        type,
        factor: by(),
        low: needed(rope.low_freq_factor, "low_freq_factor", context),
        high: needed(rope.high_freq_factor, "high_freq_factor", context),
        original: original(),
      };
    case "yarn": {
      const own = rope.factor ?? needed(given.longest, "factor", context) / original();
      return {
        type,
        factor: own,
        original: original(),
        fast: rope.beta_fast ?? 32,
        slow: rope.beta_slow ?? 1,
        attention: yarnAttention(rope, own),
        truncate: rope.truncate ?? true,
      };
    }
    // The name of Phi-3's first checkpoints.
    case "su":
    case "longrope":
      return longrope(rope, context);
    default:
      throw unsupported(context, type, "is not supported");
  }
}
