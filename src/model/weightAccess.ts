import type { EngineSpec } from "../engine/engineSpec.ts";
import type { Precision } from "../engine/precisionSpec.ts";

/**
 * How a program reads its frozen weights. "packed": a copy laid out as the engine wants it for its products. "mapped":
 * the mapped file itself, without a copy.
 */
export type WeightAccess = "packed" | "mapped";

/** The access of the programs of training steps, and of those that only predict. */
export interface ProgramAccess {
  step: WeightAccess;
  predict: WeightAccess;
}

/**
 * From so many bytes of weights on, training does not pack them for programs that only predict: three programs would
 * take as much memory again each, and a tenth more time of a rare evaluation matters less.
 */
const MAPPED_FROM = 256e6;

/**
 * The access that needs the least time within what the engine's memory setting allows.
 * @param weights bytes: of the weights in their files; training: predictions are rare beside steps
 */
export function weightAccess(
  { device, memory }: Pick<EngineSpec, "device" | "memory">,
  { precision, bytes, training }: { precision: Precision; bytes: number; training: boolean },
): ProgramAccess {
  if (device !== "cpu") return { step: "packed", predict: "packed" };
  if (precision !== "fp32" || memory === "spare") return { step: "mapped", predict: "mapped" };
  return { step: "packed", predict: training && bytes >= MAPPED_FROM ? "mapped" : "packed" };
}
