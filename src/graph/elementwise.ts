import type { OpName } from "./value.ts";

/**
 * Operations whose result at a place depends on their operands there alone. They take less time than memory for their
 * result is worth.
 */
export const ELEMENTWISE: ReadonlySet<OpName> = new Set([
  "add",
  "sub",
  "mul",
  "div",
  "neg",
  "exp",
  "tanh",
  "sigmoid",
  "erf",
  "relu",
] satisfies OpName[]);
