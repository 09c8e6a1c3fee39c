import { tCdf, tQuantile } from "./distributions.ts";

/**
 * The comparison of paired values, usually one pair per seed. Fields are undefined where they have no value: with one
 * pair, or where all differences are equal.
 */
export interface PairedResult {
  n: number;
  mean: number;
  sd?: number;
  t?: number;
  /** Two-sided. */
  p?: number;
  /** One-sided: that the true mean of the differences is above 0; `pLess`: below 0. */
  pGreater?: number;
  pLess?: number;
  interval?: [low: number, high: number];
  /** Effect size: mean / sd of the differences. */
  dz?: number;
  /** Effect size: mean / root of the mean variance of both sides. */
  dPooled?: number;
  /** `dPooled` with Hedges' correction for small samples. */
  hedgesG?: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const varianceOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
};

/** The paired t-test of mean(a - b) with its interval and effect sizes. @param confidence 0 to 1 */
export function pairedDifference(a: readonly number[], b: readonly number[], confidence = 0.95): PairedResult {
  const d = a.map((x, i) => x - b[i]!);
  const n = d.length;
  const mean = meanOf(d);
  if (n < 2) return { n, mean };
  const sd = Math.sqrt(varianceOf(d));
  const pooled = Math.sqrt((varianceOf(a) + varianceOf(b)) / 2);
  const error = sd / Math.sqrt(n);
  const half = tQuantile((1 + confidence) / 2, n - 1) * error;
  const apart = meanOf(a) - meanOf(b);
  const effect =
    pooled > 0 ? { dPooled: apart / pooled, hedgesG: (apart / pooled) * (1 - 3 / (4 * (2 * n - 2) - 1)) } : {};
  if (sd === 0) return { n, mean, sd, interval: [mean, mean], ...effect };
  const t = mean / error;
  return {
    n,
    mean,
    sd,
    t,
    p: 2 * tCdf(-Math.abs(t), n - 1),
    pGreater: tCdf(-t, n - 1),
    pLess: tCdf(t, n - 1),
    interval: [mean - half, mean + half],
    dz: mean / sd,
    ...effect,
  };
}

/** Compares two independent groups by Student's and Welch's t-tests and by Cohen's d with the pooled sd. */
export function unpairedDifference(
  a: readonly number[],
  b: readonly number[],
): { cohensD: number; studentT: number; studentP: number; welchT: number; welchP: number; welchDf: number } {
  const [n, m] = [a.length, b.length];
  const [va, vb] = [varianceOf(a), varianceOf(b)];
  const mean = meanOf(a) - meanOf(b);
  const pooled = ((n - 1) * va + (m - 1) * vb) / (n + m - 2);
  const studentT = mean / Math.sqrt(pooled * (1 / n + 1 / m));
  const welchT = mean / Math.sqrt(va / n + vb / m);
  const welchDf = (va / n + vb / m) ** 2 / ((va / n) ** 2 / (n - 1) + (vb / m) ** 2 / (m - 1));
  return {
    cohensD: mean / Math.sqrt(pooled),
    studentT,
    studentP: 2 * tCdf(-Math.abs(studentT), n + m - 2),
    welchT,
    welchP: 2 * tCdf(-Math.abs(welchT), welchDf),
    welchDf,
  };
}
