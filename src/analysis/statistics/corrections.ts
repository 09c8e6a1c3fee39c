/** p-values corrected for multiple tests, in the given order; each at most 1. */
export interface Corrected {
  holm: number[];
  bonferroni: number[];
  benjaminiHochberg: number[];
}

/**
 * A stepwise correction: scales the p-values from the smallest up with their running maximum (`upwards`), or from the
 * largest down with their running minimum.
 * @param scaled the scaled p-value; `rank` counts from 0 for the smallest
 */
function stepwise(p: readonly number[], scaled: (value: number, rank: number) => number, upwards: boolean): number[] {
  const order = p.map((_, i) => i).sort((i, j) => p[i]! - p[j]!);
  const result = new Array<number>(p.length);
  let extreme = upwards ? 0 : 1;
  for (let at = 0; at < order.length; at++) {
    const rank = upwards ? at : order.length - 1 - at;
    const index = order[rank]!;
    const value = Math.min(1, scaled(p[index]!, rank));
    extreme = upwards ? Math.max(extreme, value) : Math.min(extreme, value);
    result[index] = extreme;
  }
  return result;
}

/** Corrects p-values for multiple tests by Holm (1979), Bonferroni, and Benjamini and Hochberg (1995). */
export function corrected(p: readonly number[]): Corrected {
  const n = p.length;
  return {
    holm: stepwise(p, (value, rank) => value * (n - rank), true),
    bonferroni: p.map((value) => Math.min(1, value * n)),
    benjaminiHochberg: stepwise(p, (value, rank) => (value * n) / (rank + 1), false),
  };
}
