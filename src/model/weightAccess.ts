import type { CompileOptions } from "../engine/engine.ts";
import type { EngineSpec } from "../engine/engineSpec.ts";
import type { Precision } from "../engine/precisionSpec.ts";

/**
 * How a program reads its frozen weights. "packed": a copy in the layout that the engine's products need. "mapped": the
 * memory-mapped file, without a copy.
 */
export type WeightAccess = "packed" | "mapped";

/** How training steps, and how predictions, read the frozen weights. */
export interface ProgramAccess {
  step: WeightAccess;
  predict: WeightAccess;
}

/**
 * From this many bytes of weights on, training does not pack them for its three prediction programs: each would take as
 * much memory again, and a rare evaluation may take a tenth more time. Nor does it pack those of a decoder-only model
 * for its steps, which take about a twentieth more time so, and half the memory; a T5's would take an eighth more.
 */
const MAPPED_FROM = 256e6;

/** The backbone that a model's programs read, and what the model is opened for. */
export interface ReadWeights {
  precision: Precision;
  /** Whether weights are levels with scales as they are, which are widened at each use in any precision. */
  hasLevels?: boolean;
  /** Bytes of the weights in their files. */
  bytes: number;
  isCausal: boolean;
  /** Whether steps are made, with which predictions are rare. */
  training: boolean;
}

/** The fastest access that the engine's memory setting allows. */
export function weightAccess(
  { device, memory }: Pick<EngineSpec, "device" | "memory">,
  { precision, hasLevels = false, bytes, isCausal, training }: ReadWeights,
): ProgramAccess {
  const isNarrow = precision !== "fp32" || hasLevels;
  const isSpare = memory === "spare" || memory === "least";
  if (device === "torch" && (isNarrow || isSpare)) return { step: "mapped", predict: "mapped" };
  if (device !== "cpu") return { step: "packed", predict: "packed" };
  if (isNarrow || isSpare) return { step: "mapped", predict: "mapped" };
  const isLarge = bytes >= MAPPED_FROM;
  return {
    step: isLarge && isCausal && memory !== "fast" ? "mapped" : "packed",
    predict: isLarge && training ? "mapped" : "packed",
  };
}

/**
 * How a prediction's products with levels are computed; undefined: their matrix is widened for each product. A program
 * holds a copy of its levels in the order in which their kernel reads them. Of a large backbone, only the steps of a
 * decoding have one, and none do in training.
 * @param isStep whether the program is that of one new token
 */
export function levelsAccess(
  { device, memory, generation = "exact" }: Pick<EngineSpec, "device" | "memory" | "generation">,
  { bytes, training }: Pick<ReadWeights, "bytes" | "training">,
  isStep: boolean,
): CompileOptions["levels"] {
  if (device !== "cpu" || memory === "spare") return undefined;
  if (bytes >= MAPPED_FROM && (training || !isStep)) return undefined;
  return isStep ? generation : "exact";
}
