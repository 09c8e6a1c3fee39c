import * as z from "zod";
import type { LearningRateGroupForm } from "./method.ts";
import type { MethodSpec } from "./methodSpec.ts";
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
