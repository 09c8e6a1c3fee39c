import * as z from "zod";
import { embeddingRms, type TokenRows } from "./embeddingRms.ts";
import type { LearningRateGroupForm } from "./method.ts";
import type { MethodSpec } from "./methodSpec.ts";
import type { AnySpec } from "./trained.ts";
import { METHODS, methodOf, type RegisteredMethod } from "./registry.ts";

type KeysOf<T> = T extends unknown ? keyof T : never;
export type LearningRateGroup = KeysOf<RegisteredMethod["groups"]>;

const rate = z.number().nonnegative().optional();
const groups: readonly [string, LearningRateGroupForm][] = METHODS.flatMap((method) => Object.entries(method.groups));

/** Peak learning rate of each group of tensors; a group that is not given gets its method's default. */
export const LearningRates = z.strictObject(
  Object.fromEntries(groups.map(([group, { description }]) => [group, rate.describe(description)])) as Record<
    LearningRateGroup,
    typeof rate
  >,
);

/** The groups that a method's tensors fall into, with their default rates. */
export function defaultRates(spec: MethodSpec): Partial<Record<LearningRateGroup, number>> {
  const method = methodOf(spec.kind);
  const own = method.groupsOf?.(spec) ?? Object.keys(method.groups);
  return Object.fromEntries(own.map((group) => [group, method.groups[group]!.rate]));
}

/**
 * The rates that training uses: those of an experiment, times the root mean square of the embedding where the method's
 * options say that a group's rate is in its units.
 * @param embedding reads the table (V, d); called only where a rate needs it
 */
export function ratesInUnits<Rates extends object>(spec: AnySpec, rates: Rates, embedding: () => TokenRows): Rates {
  const groups = methodOf(spec.kind).rateUnits?.(spec) ?? [];
  if (groups.length === 0) return rates;
  const unit = embeddingRms(embedding());
  return Object.fromEntries(
    Object.entries(rates).map(([group, each]) => [group, groups.includes(group) ? unit * Number(each) : Number(each)]),
  ) as Rates;
}
