import { isCorrelation, LOSS, metricValue } from "../../record/metricText.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";

const signed = (x: number, digits: number): string => `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(digits)}`;

/** A number with the minus sign "−" (U+2212); "n/a" where it is not finite. */
export const number = (x: number, digits = 3): string => (Number.isFinite(x) ? signed(x, digits) : "n/a");
/** A small or large number with its power of ten; "n/a" where it is not finite. */
export const exponential = (x: number): string =>
  Number.isFinite(x) ? x.toExponential(1).replaceAll("-", "−") : "n/a";
/** A share (0 to 1) in percentage points, without a unit. */
export const points = (share: number): string => number(100 * share, 1);
/** A metric's value with its unit; "n/a" where it is not finite. */
export const metricNumber = (name: string, value: number): string =>
  Number.isFinite(value) ? metricValue(name, value).replace("-", "−") : "n/a";

/** How differences of a metric are shown. */
export interface DifferenceScale {
  /** What they are counted in: "points", or the metric's own. */
  unit: string;
  show: (difference: number) => string;
}
/** Differences of a share are shown in points, those of a correlation or a loss as they are. */
export function differenceScale(metric: string): DifferenceScale {
  if (metric === LOSS) return { unit: "nats, below 0 where better", show: (x) => number(x) };
  return isCorrelation(metric)
    ? { unit: "of the correlation", show: (x) => number(x) }
    : { unit: "points", show: points };
}
/** A p-value with three decimals, or "<0.001". */
export const pValue = (value: number): string => (value < 0.001 ? "<0.001" : value.toFixed(3));

/** A number of things, such as "1 run" and "2 runs". */
export const countOf = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** The width of an interval below which it is one point, but for rounding. */
const ROUNDING = 1e-12;
const isPoint = ([low, high]: readonly [number, number]): boolean => high - low < ROUNDING;

/**
 * A mean over seeds with its interval. One seed has no interval; the text says so, and also where all seeds agree.
 * @param show formats each value
 * @returns "" without a summary
 */
export function overSeeds(summary: SeedSummary | undefined, show: (x: number) => string): string {
  if (summary === undefined) return "";
  const { mean, interval } = summary;
  if (interval === undefined) return `${show(mean)} (one seed)`;
  return isPoint(interval)
    ? `${show(mean)} (every seed)`
    : `${show(mean)} [${show(interval[0])}, ${show(interval[1])}]`;
}

/**
 * A difference, of a share in percentage points: with its interval where that excludes 0; otherwise "no difference
 * found" with half the interval's width, the size of a difference that would be found about half the time. The text
 * says so where all seeds or examples agree.
 * @param mean of a share -1 to 1, as are the ends of the interval
 * @param show formats each value
 */
export function foundOrNot(
  mean: number,
  interval: readonly [number, number] | undefined,
  show: DifferenceScale["show"] = points,
): string {
  if (!Number.isFinite(mean)) return "n/a";
  if (interval === undefined) return `${show(mean)} (no interval)`;
  const [low, high] = interval;
  if (isPoint(interval)) return Math.abs(mean) < ROUNDING ? "0 exactly" : `${show(mean)} (every time)`;
  return low > 0 || high < 0
    ? `${show(mean)} [${show(low)}, ${show(high)}]`
    : `no difference found: ${show(mean)} (±${show((high - low) / 2)} could have been)`;
}
