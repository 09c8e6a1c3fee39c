import type { Precision } from "../../engine/precisionSpec.ts";
import type { WeightLocation } from "../../engine/program.ts";
import type { BackboneLayout } from "../layout.ts";
import type { CopySteps } from "./copySteps.ts";
import { narrowFile, type Matrix } from "./narrowFile.ts";
import type { BackboneWeights } from "./weights.ts";

/** How matrices and the embedding table are stored; see OpenOptions of openBackbone.ts. */
interface Storage {
  precision?: Precision | undefined;
  mapped?: boolean | undefined;
  verified?: boolean | undefined;
}

/** The type of a file's tensor that is in the precision as it is; undefined: none is. */
const NATIVE: Readonly<Record<Precision, WeightLocation["type"] | undefined>> = {
  fp32: "float32",
  fp16: "float16",
  bf16: "bfloat16",
  int8: undefined,
  int4: undefined,
  "int4-asym": undefined,
};

/**
 * Returns the weights with matrices and embedding table in the given precision: those that the folder stores in it stay
 * in their file, others are converted into a file of the cache. Norms and tables of positions are not converted.
 * @throws UserError where values do not fit the precision
 */
export function* inPrecision(
  weights: BackboneWeights,
  layout: BackboneLayout,
  { precision = "fp32", mapped = false, verified = false }: Storage,
): CopySteps<BackboneWeights> {
  if (precision === "fp32" && !mapped) return weights;
  const places = new Map<string, WeightLocation>();
  const others: Matrix[] = [];
  for (const { name, dims, role } of layout.weights) {
    if (role !== "matrix" && role !== "embedding") continue;
    const source = weights.locate(name, dims);
    if (precision === "fp32" || source.type === NATIVE[precision]) places.set(name, { ...source, narrow: true });
    else others.push({ name, source, isTable: role === "embedding" });
  }
  if (precision !== "fp32" && others.length > 0)
    for (const [name, place] of yield* narrowFile(others, precision, verified)) places.set(name, place);
  return weights.relocated(places);
}
