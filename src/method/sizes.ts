import type { BackboneLayout } from "../backbone/layout.ts";
import { UserError } from "../base/errors.ts";
import type { MethodSpec } from "./methodSpec.ts";
import type { MethodSizes } from "./method.ts";
import { methodOf } from "./registry.ts";

/** The prompt's share of the budget where two sizes share it: (60, 19) of the paper's 100 rows. */
const PROMPT_SHARE = 0.6;
const LARGEST = 2 ** 24;

type Shape = Omit<MethodSizes, "count">;

/** Trainable parameters, counted from the tensors themselves. */
export function countParameters(spec: MethodSpec, sizes: Shape, layout: BackboneLayout): number {
  const tensors = methodOf(spec.kind).tensors({ spec, sizes, layout });
  return tensors.reduce((sum, t) => sum + t.sizes.reduce((a, b) => a * b, 1), 0);
}

/** The sizes that the experiment states. */
function given(spec: MethodSpec): Partial<Shape> {
  const promptLength = "promptLength" in spec ? spec.promptLength : undefined;
  const bottleneck = "bottleneck" in spec ? spec.bottleneck : "rank" in spec ? spec.rank : undefined;
  return { ...(promptLength !== undefined && { promptLength }), ...(bottleneck !== undefined && { bottleneck }) };
}

/** The largest n in least..LARGEST that fits, or least - 1; counts grow with n. */
function largest(least: number, fits: (n: number) => boolean): number {
  if (!fits(least)) return least - 1;
  let low = least;
  let high = LARGEST;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Smallest prompt (a method that has nothing else needs one row) and bottleneck. */
function leastOf(spec: MethodSpec): Shape {
  const { promptLength, bottleneck } = methodOf(spec.kind).defaults;
  return {
    promptLength: promptLength !== undefined && bottleneck === undefined ? 1 : 0,
    bottleneck: bottleneck === undefined ? 0 : 1,
  };
}

/** Sizes within a budget: the prompt takes its share of it, the bottleneck what is left. */
function solve(spec: MethodSpec, budget: number, layout: BackboneLayout): Shape {
  const { defaults } = methodOf(spec.kind);
  const known = given(spec);
  const least = leastOf(spec);
  const fits = (sizes: Shape): boolean => countParameters(spec, sizes, layout) <= budget;
  // A variant without hidden units, such as one constant, leaves the prompt all of it.
  const hidden =
    countParameters(spec, { promptLength: 1, bottleneck: 2 }, layout) >
    countParameters(spec, { promptLength: 1, bottleneck: 1 }, layout);
  let promptLength = known.promptLength ?? least.promptLength;
  if (known.promptLength === undefined && defaults.promptLength !== undefined) {
    const share =
      known.bottleneck === undefined && defaults.bottleneck !== undefined && hidden
        ? Math.floor((PROMPT_SHARE * budget) / layout.width)
        : LARGEST;
    // A prompt of its full share can leave no room for one hidden unit where the budget is small.
    promptLength = Math.max(
      least.promptLength,
      Math.min(
        share,
        largest(least.promptLength, (m) => fits({ promptLength: m, bottleneck: known.bottleneck ?? least.bottleneck })),
      ),
    );
  }
  const bottleneck =
    known.bottleneck ??
    (defaults.bottleneck === undefined || !hidden
      ? least.bottleneck
      : Math.max(
          1,
          largest(1, (r) => fits({ promptLength, bottleneck: r })),
        ));
  return { promptLength, bottleneck };
}

/**
 * Prompt length and bottleneck (or rank) of a method, solved from the budget where one is given (reference section
 * 1.4).
 * @throws UserError naming the key and the smallest budget that would do
 */
export function resolveSizes(spec: MethodSpec, layout: BackboneLayout): MethodSizes {
  const { defaults } = methodOf(spec.kind);
  const budget = typeof spec.budget === "object" ? spec.budget.promptTokens * layout.width : spec.budget;
  const sizes =
    budget === undefined
      ? { promptLength: defaults.promptLength ?? 0, bottleneck: defaults.bottleneck ?? 0, ...given(spec) }
      : solve(spec, budget, layout);
  const count = countParameters(spec, sizes, layout);
  if (count === 0)
    throw new UserError(
      "method: it has no trainable parameters on this backbone",
      "Name layers that the backbone has, or give the prompt a length.",
    ).about(["method", "targets"]);
  if (budget !== undefined && count > budget) {
    const least = countParameters(spec, { ...leastOf(spec), ...given(spec) }, layout);
    throw new UserError(
      `method.budget: ${budget} parameters are too few for "${spec.kind}" at width ${layout.width}: at least ${least} are needed`,
      "Raise the budget, or give smaller sizes.",
    );
  }
  return { ...sizes, count };
}
