import { permutation } from "../base/random.ts";

/**
 * Takes seeded fractions of the items for test and validation; the rest is for training, in the order given. The same
 * seed gives the same split.
 */
export function splitBySeed<T>(
  items: readonly T[],
  { validation, test, seed }: { validation: number; test: number; seed: number },
): { train: T[]; validation: T[]; test: T[] } {
  const order = permutation(items.length, seed);
  const testCount = Math.round(items.length * test);
  const validationCount = Math.round(items.length * validation);
  const pick = (indices: Int32Array): T[] => Array.from(indices, (i) => items[i]!);
  return {
    test: pick(order.slice(0, testCount)),
    validation: pick(order.slice(testCount, testCount + validationCount)),
    train: pick(order.slice(testCount + validationCount).sort()),
  };
}
