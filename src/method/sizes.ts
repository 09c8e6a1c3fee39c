import type { BackboneLayout } from "../backbone/layout.ts";
import { UserError } from "../base/errors.ts";
import type { AnySizes, Sizes } from "./trained.ts";
import { phrase } from "../base/phrase.ts";
import { nearestNames } from "../base/text/nearestName.ts";
import type { MethodSpec } from "./methodSpec.ts";
import { isFixed } from "./fixed.ts";
import { methodOf, type RegisteredMethod } from "./registry.ts";
import { isTarget, lastPart } from "./target.ts";

const LARGEST = 2 ** 24;

type KeysOf<T> = T extends unknown ? keyof T : never;
export type SizeName = KeysOf<RegisteredMethod["sizes"]>;
/** The sizes of a method by the names that it gives them, and how many trainable parameters they make. */
export type MethodSizes = Partial<Sizes<SizeName>> & { readonly count: number };

/** Trainable parameters, counted from the tensors themselves; what is computed at step 0 and kept is none. */
export function countParameters(spec: MethodSpec, sizes: AnySizes, layout: BackboneLayout): number {
  const tensors = methodOf(spec.kind).tensors({ spec, sizes, layout });
  return tensors.filter((tensor) => !isFixed(tensor)).reduce((sum, t) => sum + t.sizes.reduce((a, b) => a * b, 1), 0);
}

/** The sizes of a method, without the count of parameters. */
export function namedSizes(kind: string, sizes: AnySizes): Sizes {
  return Object.fromEntries(Object.keys(methodOf(kind).sizes).map((name) => [name, sizes[name] ?? 0]));
}

/** The sizes that the experiment states. */
function statedSizes(spec: MethodSpec): Sizes {
  const stated = spec as unknown as Record<string, number | undefined>;
  return Object.fromEntries(
    Object.keys(methodOf(spec.kind).sizes).flatMap((name) => {
      const value = stated[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function leastSizes(spec: MethodSpec): Sizes {
  const { sizes } = methodOf(spec.kind);
  return Object.fromEntries(Object.entries(sizes).map(([name, { least }]) => [name, least]));
}

function defaultSizes(spec: MethodSpec): Sizes {
  const { sizes } = methodOf(spec.kind);
  return Object.fromEntries(Object.entries(sizes).map(([name, form]) => [name, form.default]));
}

/** The largest n in least..LARGEST that fits, or least where none does; counts grow with n. */
function largest(least: number, fits: (n: number) => boolean): number {
  let low = least;
  let high = fits(least) ? LARGEST : least;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Solves for sizes within a budget, in the method's order: each size takes its share, the last one the rest. */
function solve(spec: MethodSpec, budget: number, layout: BackboneLayout): Sizes {
  const { sizes: forms } = methodOf(spec.kind);
  const stated = statedSizes(spec);
  const ones = Object.fromEntries(Object.keys(forms).map((name) => [name, 1]));
  /** Parameters that one more unit of a size adds: 0 in a variant without hidden units, such as one constant. */
  const cost = (name: string): number =>
    countParameters(spec, { ...ones, [name]: 2 }, layout) - countParameters(spec, ones, layout);
  const open = Object.keys(forms).filter((name) => stated[name] === undefined && cost(name) > 0);
  let sizes: Sizes = { ...leastSizes(spec), ...stated };
  for (const [at, name] of open.entries()) {
    const { least, share = 1 } = forms[name]!;
    const most = largest(least, (n) => countParameters(spec, { ...sizes, [name]: n }, layout) <= budget);
    const limit = at < open.length - 1 ? Math.floor((share * budget) / cost(name)) : LARGEST;
    // With a small budget a full share would leave no room for the least value of the next size.
    sizes = { ...sizes, [name]: Math.max(least, Math.min(limit, most)) };
  }
  return sizes;
}

/**
 * Checks that every layer that a new experiment names is one of the backbone's. (Version 1 took names that some
 * backbones have and this one has not, as PEFT does: its runs are read, resumed and repeated.)
 * @throws UserError naming the nearest ones
 */
export function checkTargets(spec: MethodSpec, layout: BackboneLayout): void {
  const own = layout.linears.map(({ module }) => module);
  for (const [key, names] of Object.entries(methodOf(spec.kind).targets?.(spec, layout) ?? {})) {
    const unknown = names.find((name) => !own.some((module) => isTarget(module, [name])));
    if (unknown === undefined) continue;
    const parts = [...new Set(own.map((module) => lastPart(module)))];
    const [near] = nearestNames(lastPart(unknown), parts);
    const hint = near === undefined ? "" : phrase` Did you mean "${near}"?`;
    throw new UserError(
      "target-unknown",
      phrase`method.${key}: this backbone has no linear layer "${unknown}"`,
      phrase`Its layers are ${parts.join(", ")}.${hint}`,
    ).about(["method", key]);
  }
}

/**
 * The sizes of a method: as stated, solved from the budget where one is given, or its defaults.
 * @throws UserError naming the key and the smallest budget that would do
 */
export function resolveSizes(spec: MethodSpec, layout: BackboneLayout): MethodSizes {
  const budget = typeof spec.budget === "object" ? spec.budget.promptTokens * layout.width : spec.budget;
  const stated = statedSizes(spec);
  const sizes = budget === undefined ? { ...defaultSizes(spec), ...stated } : solve(spec, budget, layout);
  const count = countParameters(spec, sizes, layout);
  if (count === 0)
    throw new UserError(
      "method-without-parameters",
      phrase`method: it has no trainable parameters on this backbone`,
      phrase`Name layers that the backbone has, or give the prompt a length.`,
    ).about(["method", "targets"]);
  if (budget !== undefined && count > budget) {
    const least = countParameters(spec, { ...leastSizes(spec), ...stated }, layout);
    throw new UserError(
      "budget-too-small",
      phrase`method.budget: ${budget} parameters are too few for "${spec.kind}" at width ${layout.width}: at least ${least} are needed`,
      phrase`Raise the budget, or give smaller sizes.`,
    );
  }
  return { ...sizes, count };
}
