import { rowRange } from "../engine/weightData.ts";
import type { WeightLocation } from "../engine/program.ts";
import type { BackboneWeights } from "../backbone/files/weights.ts";
import type { PartRows } from "../graph/vocabularyParts.ts";
import type { WeightValue } from "../graph/value.ts";

/** Bytes in fp32 of the smallest matrix that is read in parts, and of a part. */
const LARGE = 2 ** 29;
const PART = 2 ** 27;
const BYTES = 4;

/**
 * Rows of a matrix that are widened at a time: a head of a large vocabulary would be the largest value of a program by
 * far. Smaller ones are read whole.
 */
export function partRows([rows, width]: readonly number[]): number | undefined {
  return rows! * width! * BYTES < LARGE ? undefined : Math.max(1, Math.floor(PART / BYTES / width!));
}

/** Which heads are read in parts: large ones that are widened at each use. */
export const narrowParts =
  (weights: BackboneWeights): PartRows =>
  ({ name, shape, rowsOf }) => {
    if (shape.length !== 2 || rowsOf !== undefined) return undefined;
    const dims = shape.map(Number);
    const rows = partRows(dims);
    if (rows === undefined) return undefined;
    const { narrow, type } = weights.locate(name, dims);
    return narrow === true && type !== "float32" ? rows : undefined;
  };

/** Where a frozen matrix, or the rows of one, are stored. */
export function placeOf({ name, shape, rowsOf }: WeightValue, weights: BackboneWeights): WeightLocation {
  const dims = shape.map(Number);
  if (rowsOf === undefined) return weights.locate(name, dims);
  const whole = weights.locate(rowsOf.name, rowsOf.dims);
  return { ...whole, ...rowRange(whole, rowsOf.from, rowsOf.from + dims[0]!) };
}
