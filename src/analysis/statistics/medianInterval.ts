import type { MedianInterval } from "../../protocol/results/intervals.ts";

/** @param values at least one; below six the interval at 95 % is the whole range @param confidence 0..1 */
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
