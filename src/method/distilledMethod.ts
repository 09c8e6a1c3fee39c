import type { Distillation } from "./method.ts";
import { METHODS } from "./registry.ts";

/** The kind of the method that can be trained from teachers, and how that is done. */
export function distilledMethod(): { kind: string; distillation: Distillation } {
  for (const { kind, distillation } of METHODS) if (distillation !== undefined) return { kind, distillation };
  throw new Error("no method is trained from teachers");
}
