import { metricValue } from "../../record/metricText.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";

const signed = (x: number, digits: number): string => `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(digits)}`;

/** A number with the minus sign "−" (U+2212); "n/a" where it is not finite. */
export const number = (x: number, digits = 3): string => (Number.isFinite(x) ? signed(x, digits) : "n/a");
/** A share (0 to 1) in percentage points, without a unit. */
export const points = (share: number): string => signed(100 * share, 1);
/** A metric's value with its unit. */
export const metricNumber = (name: string, value: number): string => metricValue(name, value).replace("-", "−");
/** A p-value with three decimals, or "<0.001". */
export const pValue = (value: number): string => (value < 0.001 ? "<0.001" : value.toFixed(3));

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
 * A difference in percentage points: with its interval where that excludes 0; otherwise "no difference found" with half
 * the interval's width, the size of a difference that would be found about half the time. The text says so where all
 * seeds or examples agree.
 * @param mean a share, -1 to 1, as are the ends of the interval
 */
export function foundOrNot(mean: number, interval: readonly [number, number] | undefined): string {
  if (interval === undefined) return `${points(mean)} (no interval)`;
  const [low, high] = interval;
  if (isPoint(interval)) return Math.abs(mean) < ROUNDING ? "0 exactly" : `${points(mean)} (every time)`;
  return low > 0 || high < 0
    ? `${points(mean)} [${points(low)}, ${points(high)}]`
    : `no difference found: ${points(mean)} (±${points((high - low) / 2)} could have been)`;
}
