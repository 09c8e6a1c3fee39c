import assert from "node:assert/strict";
import { test } from "node:test";
import { doubleDifferences } from "../../../src/analysis/shift/differenceInDifferences.ts";
import type { PositionShift } from "../../../src/protocol/results/positionShift.ts";

/** A shift result with nothing but what differences of differences are made of. */
const shift = (full: string, after: string, examples = Array.from(full, (_, i) => i), texts = 1): PositionShift =>
  ({ full: { right: full }, cases: [{ label: "T3 k=4", right: after }], examples, texts }) as unknown as PositionShift;

test("what method and control both lose cancels out; only the method's additional loss counts", () => {
  const [same] = doubleDifferences([{ method: shift("1111", "1100"), control: shift("1111", "0011") }]);
  assert.equal(same!.examples.difference, 0);
  const [more] = doubleDifferences([
    { method: shift("1111", "0000"), control: shift("1111", "1110") },
    { method: shift("1111", "1000"), control: shift("1111", "1111") },
  ]);
  assert.equal(more!.examples.difference, -0.75);
  assert.deepEqual([more!.seeds.n, more!.seeds.mean], [2, -0.75]);
});

test("examples that one side could not shift are left out of both; different test splits are not compared", () => {
  const [found] = doubleDifferences([{ method: shift("11", "01", [1, 3]), control: shift("1111", "1110") }]);
  assert.deepEqual([found!.examples.n, found!.examples.difference], [2, 0]);
  assert.deepEqual(doubleDifferences([{ method: shift("11", "01"), control: shift("11", "01", [0, 1], 2) }]), []);
});
