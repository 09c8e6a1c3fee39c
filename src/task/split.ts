import { permutation } from "../experiment/random.ts";

/** Takes seeded fractions of the items for test and validation; the rest trains. The same seed gives the same split. */
export function splitBySeed<T>(items: readonly T[], { validation, test, seed }: { validation: number; test: number; seed: number }): { train: T[]; validation: T[]; test: T[] } {
  const order = Array.from(permutation(items.length, seed), (i) => items[i]!);
  const testCount = Math.round(items.length * test), validationCount = Math.round(items.length * validation);
  return { test: order.slice(0, testCount), validation: order.slice(testCount, testCount + validationCount), train: order.slice(testCount + validationCount) };
}
