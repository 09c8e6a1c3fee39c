import type { Distillation } from "./method.ts";
import { METHODS } from "./registry.ts";

/** The method that is trained from teachers, and how. */
export function distilledMethod(): { kind: string; distillation: Distillation } {
  for (const { kind, distillation } of METHODS) if (distillation !== undefined) return { kind, distillation };
  throw new Error("no method is trained from teachers");
}
