import assert from "node:assert/strict";
import { test } from "node:test";
import { chiSquaredTail, normalCdf, normalQuantile, tCdf, tQuantile } from "../../src/analysis/statistics/distributions.ts";
import { seedInterval } from "../../src/analysis/statistics/seedInterval.ts";
import { readJson, withGoldens } from "./shared.ts";

const near = (found: number | undefined, expected: number, what: string): void => {
  const limit = (Math.abs(expected) < 1e-12 ? 1e-6 : 1e-9) * Math.abs(expected);
  assert.ok(found !== undefined && Math.abs(found - expected) <= limit, `${what}: ${found} is not ${expected}`);
};

withGoldens("statistics", () => {
  const FUNCTIONS: Record<string, (...args: [number, number]) => number> = {
    normal_cdf: normalCdf, normal_quantile: normalQuantile, t_cdf: tCdf, t_quantile: tQuantile, chi2_sf: chiSquaredTail,
  };
  for (const [name, compute] of Object.entries(FUNCTIONS)) {
    test(`${name} is SciPy's`, () => {
      const cases = readJson<{ cases: { f: string; args: [number, number]; value: number }[] }>("statistics/special_functions.json").cases.filter(({ f }) => f === name);
      assert.ok(cases.length > 10);
      for (const { args, value } of cases) near(compute(...args), value, `${name}(${args.join(", ")})`);
    });
  }

  test("mean, spread and t-interval over seeds are SciPy's", () => {
    interface Expected { mean: number; median: number; min: number; max: number; sd?: number; standard_error?: number; t_interval_90?: [number, number]; t_interval_95?: [number, number]; t_interval_99?: [number, number] }
    for (const { values, expected } of readJson<{ cases: { values: number[]; expected: Expected }[] }>("statistics/seeds.json").cases) {
      for (const [confidence, interval] of [[0.9, expected.t_interval_90], [0.95, expected.t_interval_95], [0.99, expected.t_interval_99]] as const) {
        const found = seedInterval(values, confidence), what = values.join();
        for (const key of ["mean", "median", "min", "max"] as const) near(found[key], expected[key], `${key} of ${what}`);
        assert.equal(found.interval === undefined, interval === undefined, what);
        if (interval === undefined || expected.sd === undefined) continue;
        if (expected.sd > 0) near(found.sd, expected.sd, `sd of ${what}`); else assert.ok(found.sd! < 1e-12);
        interval.forEach((end, i) => { assert.ok(Math.abs(found.interval![i]! - end) <= 1e-9 * Math.max(Math.abs(end), 1e-3), `${confidence} of ${what}: ${found.interval![i]} is not ${end}`); });
      }
    }
  });
});
