import { UserError } from "../experiment/errors.ts";
import type { MethodSpec } from "../experiment/experiment.ts";
import type { MethodSizes } from "./method.ts";
import { METHODS } from "./registry.ts";

/** ADePT's default share of the budget for the prompt: (60, 19) of the paper's 100 rows. */
const PROMPT_SHARE = 0.6;
const DEFAULT_ADEPT = { promptLength: 20, bottleneck: 39 };
const DEFAULT_PROMPT = 100;

/** Trainable parameters, counted from the tensors themselves. */
export function countParameters(kind: MethodSpec["kind"], shape: { promptLength: number; bottleneck: number }, width: number): number {
  const tensors = METHODS[kind].tensors({ ...shape, count: 0 }, width);
  return tensors.reduce((sum, t) => sum + t.sizes.reduce((a, b) => a * b, 1), 0);
}

function adeptShape(method: Extract<MethodSpec, { kind: "adept" }>, d: number): { promptLength: number; bottleneck: number } {
  const { promptLength: m, bottleneck: r, budget } = method;
  if (budget === undefined) return { promptLength: m ?? DEFAULT_ADEPT.promptLength, bottleneck: r ?? DEFAULT_ADEPT.bottleneck };
  // Method section 1.4: m d + r (2 d + 1) + d <= budget.
  if (m === undefined && r !== undefined) return { promptLength: Math.floor((budget - d - r * (2 * d + 1)) / d), bottleneck: r };
  // A prompt of its full share can leave no room for one hidden unit where the budget is small.
  const rows = m ?? Math.min(Math.floor((PROMPT_SHARE * budget) / d), Math.floor((budget - d - (r ?? 1) * (2 * d + 1)) / d));
  return { promptLength: rows, bottleneck: r ?? Math.floor((budget - d - rows * d) / (2 * d + 1)) };
}

/**
 * Prompt length and bottleneck of a method at width d, solved from the budget where one is given (reference section 1.4).
 * @throws UserError naming the key and the smallest budget that would do
 */
export function resolveSizes(method: MethodSpec, width: number): MethodSizes {
  const shape = method.kind === "adept" ? adeptShape(method, width)
    : { promptLength: method.promptLength ?? (method.budget === undefined ? DEFAULT_PROMPT : Math.floor(method.budget / width)), bottleneck: 0 };
  const least = method.kind === "adept" ? countParameters("adept", { promptLength: method.promptLength ?? 0, bottleneck: method.bottleneck ?? 1 }, width) : (method.promptLength ?? 1) * width;
  const tooSmall = shape.promptLength < (method.kind === "pt" ? 1 : 0) || (method.kind === "adept" && shape.bottleneck < 1);
  const count = tooSmall ? Infinity : countParameters(method.kind, shape, width);
  if (method.budget !== undefined && count > method.budget) {
    throw new UserError(`method.budget: ${method.budget} parameters are too few at width ${width}: at least ${least} are needed`, "Raise the budget, or lower promptLength or bottleneck.");
  }
  return { ...shape, count };
}
