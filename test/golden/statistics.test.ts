import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chiSquaredTail,
  normalCdf,
  normalQuantile,
  tCdf,
  tQuantile,
} from "../../src/analysis/statistics/distributions.ts";
import { corrected } from "../../src/analysis/statistics/corrections.ts";
import { mcnemarOf } from "../../src/analysis/statistics/mcnemar.ts";
import { bootstrapOf, pairedBootstrap } from "../../src/analysis/statistics/pairedBootstrap.ts";
import { pairedDifference, unpairedDifference } from "../../src/analysis/statistics/pairedDifference.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { seedInterval } from "../../src/analysis/statistics/seedInterval.ts";
import { readJson, withGoldens } from "./shared.ts";

const near = (found: number | undefined, expected: number, what: string): void => {
  const limit = (Math.abs(expected) < 1e-12 ? 1e-6 : 1e-9) * Math.abs(expected);
  assert.ok(found !== undefined && Math.abs(found - expected) <= limit, `${what}: ${found} is not ${expected}`);
};

withGoldens("statistics", () => {
  const FUNCTIONS: Record<string, (...args: [number, number]) => number> = {
    normal_cdf: normalCdf,
    normal_quantile: normalQuantile,
    t_cdf: tCdf,
    t_quantile: tQuantile,
    chi2_sf: chiSquaredTail,
  };
  for (const [name, compute] of Object.entries(FUNCTIONS)) {
    test(`${name} is SciPy's`, () => {
      const cases = readJson<{ cases: { f: string; args: [number, number]; value: number }[] }>(
        "statistics/special_functions.json",
      ).cases.filter(({ f }) => f === name);
      assert.ok(cases.length > 10);
      for (const { args, value } of cases) near(compute(...args), value, `${name}(${args.join(", ")})`);
    });
  }

  test("mean, spread and t-interval over seeds are SciPy's", () => {
    interface Expected {
      mean: number;
      median: number;
      min: number;
      max: number;
      sd?: number;
      standard_error?: number;
      t_interval_90?: [number, number];
      t_interval_95?: [number, number];
      t_interval_99?: [number, number];
    }
    for (const { values, expected } of readJson<{ cases: { values: number[]; expected: Expected }[] }>(
      "statistics/seeds.json",
    ).cases) {
      for (const [confidence, interval] of [
        [0.9, expected.t_interval_90],
        [0.95, expected.t_interval_95],
        [0.99, expected.t_interval_99],
      ] as const) {
        const found = seedInterval(values, confidence);
        const what = values.join();
        for (const key of ["mean", "median", "min", "max"] as const)
          near(found[key], expected[key], `${key} of ${what}`);
        assert.equal(found.interval === undefined, interval === undefined, what);
        if (interval === undefined || expected.sd === undefined) continue;
        if (expected.sd > 0) near(found.sd, expected.sd, `sd of ${what}`);
        else assert.ok(found.sd! < 1e-12);
        interval.forEach((end, i) => {
          assert.ok(
            Math.abs(found.interval![i]! - end) <= 1e-9 * Math.max(Math.abs(end), 1e-3),
            `${confidence} of ${what}: ${found.interval![i]} is not ${end}`,
          );
        });
      }
    }
  });
});

withGoldens("statistics: bootstrap", () => {
  test("the paired bootstrap's intervals, p and BCa terms are SciPy's on the given resamples", () => {
    interface Case {
      name: string;
      indices: number;
      a: number[];
      b: number[];
      expected: Record<string, number> &
        Record<`${"percentile" | "basic" | "bca"}_${90 | 95}`, [number, number]> & { degenerate: boolean };
    }
    const { index_sets: sets, cases } = readJson<{ index_sets: { indices: number[][] }[]; cases: Case[] }>(
      "statistics/bootstrap.json",
    );
    assert.ok(cases.length > 10);
    for (const { name, indices, a, b, expected } of cases) {
      const drawn = sets[indices]!.indices;
      const differences = a.map((x, i) => x - b[i]!);
      for (const confidence of [90, 95] as const) {
        const found = bootstrapOf(differences, {
          resamples: drawn.length,
          confidence: confidence / 100,
          draw: (resample, place) => drawn[resample]![place]!,
        });
        const what = `${name} ${confidence}`;
        near(found.difference, expected["difference"]!, what);
        assert.ok(
          Math.abs(found.standardError - expected["standard_error"]!) < 1e-12 + 1e-9 * expected["standard_error"]!,
          what,
        );
        near(found.p, expected["p_two_sided"]!, what);
        for (const kind of ["percentile", "basic", "bca"] as const) {
          found[kind].forEach((end, i) => {
            const wanted = expected[`${kind}_${confidence}`][i]!;
            assert.ok(
              Math.abs(end - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
              `${what} ${kind}: ${end} is not ${wanted}`,
            );
          });
        }
      }
    }
  });
});

withGoldens("statistics: McNemar and corrections", () => {
  test("McNemar's test is statsmodels', Holm and the other corrections too", () => {
    for (const c of readJson<{ cases: Record<string, number>[] }>("statistics/mcnemar.json").cases) {
      const found = mcnemarOf({
        bothRight: c["both_right"]!,
        onlyARight: c["only_a_right"]!,
        onlyBRight: c["only_b_right"]!,
        bothWrong: c["both_wrong"]!,
      });
      for (const [key, name] of [
        ["exactP", "exact_p"],
        ["chi2", "chi2"],
        ["chi2P", "chi2_p"],
        ["correctedChi2", "chi2_corrected"],
        ["correctedP", "chi2_corrected_p"],
      ] as const)
        near(found[key], c[name]!, `${name} of ${JSON.stringify(c)}`);
    }
    for (const { p, holm, bonferroni, benjamini_hochberg: bh } of readJson<{
      cases: { p: number[]; holm: number[]; bonferroni: number[]; benjamini_hochberg: number[] }[];
    }>("statistics/holm.json").cases) {
      const found = corrected(p);
      for (const [ours, theirs] of [
        [found.holm, holm],
        [found.bonferroni, bonferroni],
        [found.benjaminiHochberg, bh],
      ] as const) {
        assert.equal(ours.length, theirs.length);
        ours.forEach((value, i) => {
          near(value, theirs[i]!, `corrections of ${p.join()}`);
        });
      }
    }
  });
});

withGoldens("statistics: t-tests", () => {
  test("t-tests, their intervals and effect sizes are SciPy's, paired and not", () => {
    type Expected = Record<string, number | null> & { t_ci_95: [number, number] | null };
    for (const { name, a, b, expected: e } of readJson<{
      cases: { name: string; a: number[]; b: number[]; expected: Expected }[];
    }>("statistics/paired.json").cases) {
      const found = pairedDifference(a, b);
      assert.ok(Math.abs(found.mean - e["mean_difference"]!) <= 1e-9 * Math.max(1e-3, Math.abs(found.mean)), name);
      for (const [key, golden] of [
        ["t", "t"],
        ["p", "t_p"],
        ["pGreater", "t_p_greater"],
        ["pLess", "t_p_less"],
        ["dz", "cohens_dz"],
        ["dPooled", "cohens_d_pooled"],
        ["hedgesG", "hedges_g"],
      ] as const) {
        const wanted = e[golden];
        if (typeof wanted === "number" && Math.abs(wanted) < 1e12)
          assert.ok(
            found[key] !== undefined &&
              Math.abs(found[key] - wanted) <=
                (Math.abs(wanted) < 1e-12 ? 1e-6 : 1e-9) * Math.max(Math.abs(wanted), 1e-9),
            `${name} ${golden}: ${found[key]} is not ${wanted}`,
          );
      }
      if (Array.isArray(e.t_ci_95))
        found.interval?.forEach((end, i) => {
          assert.ok(Math.abs(end - e.t_ci_95![i]!) <= 1e-9 * Math.max(1, Math.abs(end)), `${name}: ${end}`);
        });
    }
    for (const { a, b, expected: e } of readJson<{
      cases: { a: number[]; b: number[]; expected: Record<string, number> }[];
    }>("statistics/unpaired.json").cases) {
      const found = unpairedDifference(a, b);
      for (const [key, golden] of [
        ["cohensD", "cohens_d"],
        ["studentT", "student_t"],
        ["studentP", "student_p"],
        ["welchT", "welch_t"],
        ["welchP", "welch_p"],
        ["welchDf", "welch_df"],
      ] as const)
        near(found[key], e[golden]!, golden);
    }
  });
});

withGoldens("statistics: seeds of a bootstrap", () => {
  test("the same seed gives the same interval, and it covers the truth about as often as it says", () => {
    const random = new MersenneTwister(9);
    const zeros = new Float64Array(60);
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const {
        percentile: [low, high],
      } = pairedBootstrap(
        Float64Array.from({ length: 60 }, () => random.normal() + 0.3),
        zeros,
        { resamples: 400, seed: i },
      );
      if (low <= 0.3 && high >= 0.3) covered++;
    }
    assert.ok(covered > 175 && covered < 200, `${covered} of 200`);
    assert.deepEqual(
      pairedBootstrap([1, 0, 1, 1], [0, 0, 1, 0], { seed: 3 }),
      pairedBootstrap([1, 0, 1, 1], [0, 0, 1, 0], { seed: 3 }),
    );
  });
});
