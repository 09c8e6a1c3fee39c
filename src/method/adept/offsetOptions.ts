import * as z from "zod";
import { add, gather, mul, rmsInverse, sub } from "../../graph/ops.ts";
import { scalar, type Value } from "../../graph/value.ts";
import { ones, zeros } from "../draw.ts";
import { embeddingRms } from "../embeddingRms.ts";
import { FIXED } from "../fixed.ts";
import type { EmbeddingRows } from "../foldForm.ts";
import type { InitialisationSource, MethodContext, TensorSpec } from "../method.ts";
import { positive } from "../options.ts";
import { valuesOf, type Parameters } from "../parameters.ts";

/** Added to the mean square of an embedding, so that a row of zeros stays zero. */
const EPSILON = 1e-12;

const UNIT = "embedding_rms";
const RARE = "rare";
const SHARED = "shared";
export const GAIN = "gain";

const scope = z.enum(["all", "text"]).default("all");

/** Options that change a token's offset in every variant; each is off where it is left out. */
export const offsetOptions = {
  offsetUnit: z
    .literal("embedding")
    .optional()
    .describe("Offsets in units of the embedding: each is multiplied by the root mean square of the embedding table"),
  inputNorm: z
    .literal("rms")
    .optional()
    .describe("The FFN reads each embedding divided by its own root mean square, whatever its length"),
  gain: z
    .enum(["scalar", "vector"])
    .optional()
    .describe("A trained factor of all offsets, 1 at the start: one number, or one for each dimension"),
  rateUnits: z
    .array(z.enum(["prompt", "ffn", "constant", "table"]))
    .optional()
    .describe(
      "Groups of tensors whose learning rates are in units of the embedding: they are multiplied by the root mean square of the embedding table",
    ),
  shareBelow: positive
    .optional()
    .describe("Tokens that the training split has fewer times than this share one trained offset, those it lacks too"),
  offsetTokens: z
    .strictObject({
      training: scope.describe("Tokens that get offsets in training steps"),
      generation: scope.describe("Tokens that get offsets in evaluation and generation"),
    })
    .optional()
    .describe(
      'Causal models: "all" tokens get offsets, or those of the "text" alone: what stands before the first trained token',
    ),
};

/** The options that change a token's offset. */
export type OffsetSpec = z.output<z.ZodObject<typeof offsetOptions>>;
/** Where offsets are added in a causal model. */
export type OffsetScope = NonNullable<OffsetSpec["offsetTokens"]>;

/** The keys of options that can be taken away from a method, one at a time. */
export const OFFSET_OPTIONS = [
  "offsetUnit",
  "inputNorm",
  "gain",
  "rateUnits",
  "shareBelow",
  "offsetTokens",
] as const satisfies readonly (keyof OffsetSpec)[];

/**
 * The tensors of the options, in the order of the file: the unit (1), the gain (1) or (d), 1 for each token that shares
 * the common offset (V, 1), and that offset (d).
 */
export function optionTensors<Group extends string>(
  { offsetUnit, gain, shareBelow }: OffsetSpec,
  { width: d, vocabulary }: { width: number; vocabulary: number },
  group: Group,
): TensorSpec<Group | "gain">[] {
  const tensor = (name: string, sizes: number[], own: Group | "gain" | typeof FIXED): TensorSpec<Group | "gain"> => ({
    name,
    dims: sizes,
    sizes,
    group: own,
  });
  return [
    ...(offsetUnit === undefined ? [] : [tensor(UNIT, [1], FIXED)]),
    ...(gain === undefined ? [] : [tensor(GAIN, [gain === "vector" ? d : 1], "gain")]),
    ...(shareBelow === undefined ? [] : [tensor(RARE, [vocabulary, 1], FIXED), tensor(SHARED, [d], group)]),
  ];
}

/** The values of an option's tensor at step 0; undefined for a tensor that is none's. */
export function initialOption(
  { name, sizes }: TensorSpec,
  { shareBelow = 0 }: OffsetSpec,
  source: InitialisationSource,
): Float32Array | undefined {
  const rows = { tokens: source.vocabularySize, row: (id: number) => source.embedding(id) };
  if (name === UNIT) return Float32Array.of(embeddingRms(rows));
  if (name === GAIN) return ones(sizes);
  if (name === SHARED) return zeros(sizes);
  if (name !== RARE) return undefined;
  const counts = source.tokenCounts?.();
  return zeros(sizes).map((_, id) => ((counts?.[id] ?? 0) < shareBelow ? 1 : 0));
}

/** What the FFN reads of the embedded text (B, N, d). */
export const ffnInput = (embedded: Value, { inputNorm }: OffsetSpec): Value =>
  inputNorm === undefined ? embedded : mul(embedded, rmsInverse(embedded, EPSILON));

/** The same on the host, of rows (n, width). */
export function hostFfnInput(rows: Float32Array, width: number, { inputNorm }: OffsetSpec): Float32Array {
  if (inputNorm === undefined) return rows;
  const normed = new Float32Array(rows.length);
  for (let from = 0; from < rows.length; from += width) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += rows[from + i]! ** 2;
    const inverse = 1 / Math.sqrt(sum / width + EPSILON);
    for (let i = 0; i < width; i++) normed[from + i] = rows[from + i]! * inverse;
  }
  return normed;
}

/** The common offset (d) where `rare` (B, N, 1) is 1, a token's own where it is 0; no rounding adds to either. */
const shared = (own: Value, common: Value, rare: Value): Value =>
  add(mul(own, sub(scalar(1), rare)), mul(common, rare));

/** The offsets that are added, (B, N, d), of each token's own: g s (own, or the shared one). */
export function finalOffset(
  own: Value,
  { spec, parameter, ids }: Pick<MethodContext<OffsetSpec>, "spec" | "parameter" | "ids">,
): Value {
  const { offsetUnit, gain, shareBelow } = spec;
  const each = shareBelow === undefined ? own : shared(own, parameter(SHARED), gather(parameter(RARE), ids));
  const inUnits = offsetUnit === undefined ? each : mul(each, parameter(UNIT));
  return gain === undefined ? inUnits : mul(inUnits, parameter(GAIN));
}

/** The same on the host, for rows of the embedding table: (n, width). */
export function hostFinalOffsets(
  own: Float32Array,
  { width, first }: EmbeddingRows,
  { spec, parameters }: { spec: OffsetSpec; parameters: Parameters },
): Float32Array {
  const { offsetUnit, gain, shareBelow } = spec;
  if (offsetUnit === undefined && gain === undefined && shareBelow === undefined) return own;
  const unit = offsetUnit === undefined ? 1 : valuesOf(parameters, UNIT)[0]!;
  const factors = gain === undefined ? Float32Array.of(1) : valuesOf(parameters, GAIN);
  const rare = shareBelow === undefined ? undefined : valuesOf(parameters, RARE);
  const common = shareBelow === undefined ? undefined : valuesOf(parameters, SHARED);
  return own.map((value, at) => {
    const each = rare?.[first + Math.floor(at / width)] === 1 ? common![at % width]! : value;
    return each * unit * factors[at % factors.length]!;
  });
}

/** The factor of the tensors that make an offset, where the options set one that is no trained tensor itself. */
export const unitOf = ({ offsetUnit }: OffsetSpec, parameters: Parameters): number =>
  offsetUnit === undefined ? 1 : (parameters.get(UNIT)?.data[0] ?? 1);
