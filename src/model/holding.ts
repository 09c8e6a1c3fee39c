import type { EngineSpec } from "../engine/engineSpec.ts";
import type { Precision } from "../engine/precisionSpec.ts";

/**
 * How a program has its frozen weights: copied as the engine wants them for its products, or read where they lie in
 * their mapped file.
 */
export type Hold = "packed" | "mapped";
export interface Holds {
  step: Hold;
  predict: Hold;
}

/**
 * Of weights with so many bytes, training makes no copies for what only predicts: three programs would take as much
 * again each, and a tenth more time of a rare evaluation matters less.
 */
const MAPPED_FROM = 256e6;

/** @param bytes of the weights as they lie @param training predictions are rare beside steps */
export function holdsOf(
  { device, memory }: Pick<EngineSpec, "device" | "memory">,
  { precision, bytes, training }: { precision: Precision; bytes: number; training: boolean },
): Holds {
  if (device !== "cpu") return { step: "packed", predict: "packed" };
  if (precision !== "fp32" || memory === "spare") return { step: "mapped", predict: "mapped" };
  return { step: "packed", predict: training && bytes >= MAPPED_FROM ? "mapped" : "packed" };
}
