import { MersenneTwister } from "../../base/random.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";
import type { Interval } from "../../protocol/results/intervals.ts";

/** A mean difference over paired examples with its bootstrap intervals. */
export interface BootstrapResult {
  /** Number of examples. */
  n: number;
  resamples: number;
  difference: number;
  standardError: number;
  percentile: Interval;
  basic: Interval;
  bca: Interval;
  /** Two-sided p-value of the hypothesis that there is no difference. */
  p: number;
  /**
   * Half the width of the percentile interval: a true difference of this size would be found about half the time, one
   * about 1.4 times as large 80 % of the time.
   */
  detectable: number;
}

/** The quantile of sorted values with linear interpolation, numpy's default. @param q 0 to 1 */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? NaN;
  return low + (at - below) * (high - low);
}

/** The terms of the BCa interval: bias z0 and jackknife acceleration (Efron 1987; computed like SciPy). */
export function bcaTerms(
  differences: ArrayLike<number>,
  means: Float64Array,
  observed: number,
): { z0: number; acceleration: number } {
  const n = differences.length;
  const below = means.reduce((count, m) => count + (m < observed ? 1 : 0), 0);
  const upTo = means.reduce((count, m) => count + (m <= observed ? 1 : 0), 0);
  let sum = 0;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < n; i++) sum += differences[i]!;
  // Without example i, the mean changes by (mean - d_i) / (n - 1). u is the mean of all such jackknife means minus the
  // i-th, which is why its sign is the opposite.
  for (let i = 0; i < n; i++) {
    const u = (differences[i]! - sum / n) / (n - 1);
    squares += u * u;
    cubes += u ** 3;
  }
  return {
    z0: normalQuantile((below + upTo) / (2 * means.length)),
    acceleration: squares === 0 ? 0 : cubes / (6 * squares ** 1.5),
  };
}

/**
 * Percentile, basic and BCa intervals of the mean of paired differences, from given resamples.
 * @param draw returns the index of the example at a place of a resample
 * @param confidence 0 to 1
 */
export function bootstrapOf(
  differences: ArrayLike<number>,
  {
    resamples,
    confidence,
    draw,
  }: { resamples: number; confidence: number; draw: (resample: number, place: number) => number },
): BootstrapResult {
  const n = differences.length;
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[draw(b, i)]!;
    means[b] = sum / n;
  }
  return summarise(differences, means, confidence);
}

function summarise(differences: ArrayLike<number>, means: Float64Array, confidence: number): BootstrapResult {
  const n = differences.length;
  const resamples = means.length;
  const observed =
    (Array.prototype.reduce.call(
      differences,
      (sum: unknown, x: unknown) => (sum as number) + (x as number),
      0,
    ) as number) / n;
  const average = means.reduce((sum, m) => sum + m, 0) / resamples;
  const standardError = Math.sqrt(means.reduce((sum, m) => sum + (m - average) ** 2, 0) / (resamples - 1));
  const sorted = means.slice().sort();
  const tail = (1 - confidence) / 2;
  const percentile: Interval = [quantile(sorted, tail), quantile(sorted, 1 - tail)];
  const atMost = means.reduce((count, m) => count + (m <= 0 ? 1 : 0), 0);
  const atLeast = means.reduce((count, m) => count + (m >= 0 ? 1 : 0), 0);
  const degenerate = sorted[0] === sorted.at(-1);
  const { z0, acceleration } = bcaTerms(differences, means, observed);
  const shifted = (z: number): number => normalCdf(z0 + (z0 + z) / (1 - acceleration * (z0 + z)));
  const bca: Interval = degenerate
    ? [observed, observed]
    : [quantile(sorted, shifted(normalQuantile(tail))), quantile(sorted, shifted(normalQuantile(1 - tail)))];
  const p = Math.min(1, 2 * Math.min((1 + atMost) / (resamples + 1), (1 + atLeast) / (resamples + 1)));
  return {
    n,
    resamples,
    difference: observed,
    standardError,
    percentile,
    basic: [2 * observed - percentile[1], 2 * observed - percentile[0]],
    bca,
    p,
    detectable: (percentile[1] - percentile[0]) / 2,
  };
}

/**
 * The paired bootstrap of mean(a - b) over examples, with a seeded generator: the same seed gives the same intervals.
 * @throws RangeError where `a` and `b` differ in length or are empty
 */
export function pairedBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { resamples = 10_000, confidence = 0.95, seed = 0 }: { resamples?: number; confidence?: number; seed?: number } = {},
): BootstrapResult {
  if (a.length !== b.length || a.length === 0) throw new RangeError(`${a.length} and ${b.length} values are no pairs`);
  const n = a.length;
  const differences = Float64Array.from(a, (x, i) => x - b[i]!);
  // Every resample of nothing but zeros has the mean 0.
  if (differences.every((x) => x === 0)) return summarise(differences, new Float64Array(resamples), confidence);
  const draws = drawsOf(n, resamples, seed);
  if (draws !== undefined)
    return bootstrapOf(differences, { resamples, confidence, draw: (resample, place) => draws[resample * n + place]! });
  const random = new MersenneTwister(seed);
  return bootstrapOf(differences, { resamples, confidence, draw: () => drawn(random, n) });
}

const drawn = (random: MersenneTwister, n: number): number => Math.floor((random.nextUint32() / 2 ** 32) * n);

/**
 * The latest draws. The cases of one analysis reuse them, which saves time and makes their intervals comparable.
 */
let last: { key: string; draws: Uint32Array } | undefined;
const MOST_KEPT = 2 ** 24;

/** The drawn indices (resamples, n), row-major; undefined where they are too many to keep in memory. */
function drawsOf(n: number, resamples: number, seed: number): Uint32Array | undefined {
  if (n * resamples > MOST_KEPT) return undefined;
  const key = `${n} ${resamples} ${seed}`;
  if (last?.key !== key) {
    const random = new MersenneTwister(seed);
    last = { key, draws: Uint32Array.from({ length: n * resamples }, () => drawn(random, n)) };
  }
  return last.draws;
}
