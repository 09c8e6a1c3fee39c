import type { SweepResults, SweepRun } from "../../../src/record/sweepResults.ts";

/** A run of a sweep as the host sends it; the last one to be made finished last. */
export const sweepRun = (id: string, given: Partial<SweepRun>): SweepRun => ({
  id,
  name: `run ${id}`,
  seed: 0,
  arm: undefined,
  settings: {},
  validation: 0.5,
  test: 0.4,
  ended: 0,
  ...given,
});

export const RATES = [1e-4, 1e-3, 1e-2];
export const SIZES = [8, 16];
const ORDER = [7, 2, 9, 0, 4, 11, 1, 3, 10, 6, 5, 8, 17, 12, 16, 13, 15, 14];

/** What validation says of a run: the rate decides, the size little. */
export const scoreOf = (rate: number, size: number, seed: number): number =>
  0.8 - 0.1 * Math.abs(Math.log10(rate) + 3) + (size === 16 ? 0.01 : 0) + [0, 0.002, -0.004][seed]!;

/** A grid of three rates and two sizes with three seeds each; the test metric runs against validation. */
export function gridSweep(): SweepResults {
  const runs = [0, 1, 2].flatMap((seed) =>
    RATES.flatMap((rate) =>
      SIZES.map((size): Partial<SweepRun> => ({
        seed,
        settings: { "training.learningRate.ffn": rate, "method.bottleneck": size },
        validation: scoreOf(rate, size, seed),
        test: 1 - scoreOf(rate, size, seed),
      })),
    ),
  );
  return {
    measure: "accuracy",
    testMetric: "accuracy",
    runs: runs.map((run, i) => sweepRun(String(i).padStart(2, "0"), { ...run, ended: 1000 + ORDER[i]! })),
  };
}
