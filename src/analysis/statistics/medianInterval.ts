import type { MedianInterval } from "../../protocol/results/intervals.ts";

/**
 * The median with its distribution-free interval between order statistics (sign test).
 * @param values at least one; with fewer than six, the 95 % interval is the whole range
 * @param confidence 0 to 1
 */
export function medianInterval(values: readonly number[], confidence = 0.95): MedianInterval {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  // The largest k with P(X < k) <= tail for a fair binomial X of n: the k-th smallest and largest bound the median.
  let chance = 0.5 ** n;
  let below = chance;
  let k = 0;
  for (; below <= (1 - confidence) / 2; k++) {
    chance *= (n - k) / (k + 1);
    below += chance;
  }
  const low = Math.max(0, k - 1);
  return { n, median: (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2, low: sorted[low]!, high: sorted[n - 1 - low]! };
}
