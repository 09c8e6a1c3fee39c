import { tQuantile } from "./distributions.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";

/**
 * The mean over seeds with its t-interval; the sd has n - 1 in the denominator.
 * @param values one per seed, at least one
 * @param confidence 0 to 1
 */
export function seedInterval(values: readonly number[], confidence = 0.95): SeedSummary {
  const n = values.length;
  const sorted = [...values].sort((a, b) => a - b);
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const at = (i: number): number => sorted[i] ?? NaN;
  const summary = { n, mean, median: (at((n - 1) >> 1) + at(n >> 1)) / 2, min: at(0), max: at(n - 1) };
  if (n < 2) return summary;
  const sd = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
  const standardError = sd / Math.sqrt(n);
  const half = tQuantile((1 + confidence) / 2, n - 1) * standardError;
  return { ...summary, sd, standardError, interval: [mean - half, mean + half] };
}
