import { permutation } from "../base/random.ts";

/** The share of the items that two splits take, and the seed of the choice. */
export interface SplitShares {
  validation: number;
  test: number;
  seed: number;
}

/**
 * Takes seeded fractions of as many items for test and validation; the rest is for training, in the order given. The
 * same seed gives the same split.
 * @returns the items' places
 */
export function splitPlaces(
  count: number,
  { validation, test, seed }: SplitShares,
): Record<"train" | "validation" | "test", Int32Array> {
  const order = permutation(count, seed);
  const testCount = Math.round(count * test);
  const validationCount = Math.round(count * validation);
  return {
    test: order.slice(0, testCount),
    validation: order.slice(testCount, testCount + validationCount),
    train: order.slice(testCount + validationCount).sort(),
  };
}

/** The splits of items by `splitPlaces`. */
export function splitBySeed<T>(items: readonly T[], shares: SplitShares): { train: T[]; validation: T[]; test: T[] } {
  const { train, validation, test } = splitPlaces(items.length, shares);
  const pick = (places: Int32Array): T[] => Array.from(places, (at) => items[at]!);
  return { train: pick(train), validation: pick(validation), test: pick(test) };
}
