import assert from "node:assert/strict";
import { test } from "node:test";
import { medianInterval } from "../../../src/analysis/statistics/medianInterval.ts";
import { MersenneTwister } from "../../../src/base/random.ts";

test("the order statistics are those of the binomial tables", () => {
  const to = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).reverse();
  // n = 15: ranks 4 and 12 (96.5 %); n = 20: 6 and 15 (95.9 %); n = 6: the range (96.9 %); n = 5 cannot reach 95 %.
  assert.deepEqual(
    [medianInterval(to(15)), medianInterval(to(20)), medianInterval(to(6))],
    [
      { n: 15, median: 8, low: 4, high: 12 },
      { n: 20, median: 10.5, low: 6, high: 15 },
      { n: 6, median: 3.5, low: 1, high: 6 },
    ],
  );
  assert.deepEqual(medianInterval([3, 1, 2]), { n: 3, median: 2, low: 1, high: 3 });
});

test("the interval contains the true median at least as often as its confidence says", () => {
  const random = new MersenneTwister(5);
  let held = 0;
  for (let i = 0; i < 2000; i++) {
    const { low, high } = medianInterval(Array.from({ length: 15 }, () => Math.exp(random.normal())));
    if (low <= 1 && high >= 1) held++;
  }
  assert.ok(held / 2000 > 0.95 && held / 2000 < 0.985, `${held / 2000}`);
});
