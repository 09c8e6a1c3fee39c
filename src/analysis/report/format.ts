import type { SeedSummary } from "../../protocol/results/intervals.ts";

const signed = (x: number, digits: number): string => `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(digits)}`;

/** A number with a true minus. */
export const number = (x: number, digits = 3): string => (Number.isFinite(x) ? signed(x, digits) : "n/a");
/** A share (0..1) in percentage points. */
export const points = (share: number): string => signed(100 * share, 1);
export const pValue = (value: number): string => (value < 0.001 ? "<0.001" : value.toFixed(3));

/** Narrower than this, an interval is rounding. */
const ROUNDING = 1e-12;
const isPoint = ([low, high]: readonly [number, number]): boolean => high - low < ROUNDING;

/**
 * A mean over seeds with its interval, each value written by `show`; one seed has none, and seeds that agree need none.
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
 * A difference in points: its interval where it leaves 0 out, else that none was found, with the size that could have
 * been found about half the time; all seeds or examples agreeing is said as such.
 */
export function foundOrNot(mean: number, interval: readonly [number, number] | undefined): string {
  if (interval === undefined) return `${points(mean)} (no interval)`;
  const [low, high] = interval;
  if (isPoint(interval)) return Math.abs(mean) < ROUNDING ? "0 exactly" : `${points(mean)} (every time)`;
  return low > 0 || high < 0
    ? `${points(mean)} [${points(low)}, ${points(high)}]`
    : `no difference found: ${points(mean)} (±${points((high - low) / 2)} could have been)`;
}
