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
 * much memory again, and a rare evaluation may take a tenth more time.
 */
const MAPPED_FROM = 256e6;

/**
 * The fastest access that the engine's memory setting allows.
 * @param weights bytes: of the weights in their files; training: predictions are rare compared with steps
 */
export function weightAccess(
  { device, memory }: Pick<EngineSpec, "device" | "memory">,
  { precision, bytes, training }: { precision: Precision; bytes: number; training: boolean },
): ProgramAccess {
  if (device !== "cpu") return { step: "packed", predict: "packed" };
  if (precision !== "fp32" || memory === "spare") return { step: "mapped", predict: "mapped" };
  return { step: "packed", predict: training && bytes >= MAPPED_FROM ? "mapped" : "packed" };
}
