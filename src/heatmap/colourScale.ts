/**
 * Values from `low` to `high` are told apart by colour; beyond them the end colours stand. A signed scale is symmetric
 * about 0, whose colour is none.
 */
export interface ColourScale {
  low: number;
  high: number;
  signed: boolean;
}

/** Colours of an unsigned scale, 1 to 9; of a signed one four on each side, -4 to 4, of which 0 is bare. */
export const BINS = 9;
export const BINS_PER_SIGN = 4;

/**
 * The colour of a value: 1..9, or -4..4 where signed. 0 is bare: values that are no number, and the middle of a signed
 * scale.
 */
export function binOf(value: number | null | undefined, { low, high, signed }: ColourScale): number {
  if (value === null || value === undefined || !Number.isFinite(value)) return 0;
  if (signed) {
    const reach = Math.max(Math.abs(low), Math.abs(high));
    if (reach === 0) return 0;
    const steps = Math.round((Math.abs(value) / reach) * (BINS_PER_SIGN + 0.5) - 0.0001);
    return steps <= 0 ? 0 : Math.sign(value) * Math.min(BINS_PER_SIGN, steps);
  }
  if (!(high > low)) return Math.ceil(BINS / 2);
  return Math.min(BINS, Math.max(1, 1 + Math.floor(((value - low) / (high - low)) * BINS)));
}

const quantile = (sorted: ArrayLike<number>, share: number): number => {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const part = at - below;
  return sorted[below]! * (1 - part) + (sorted[Math.min(sorted.length - 1, below + 1)] ?? 0) * part;
};

/**
 * From the 2nd to the 98th percentile, so that a few extreme values do not take all colours for themselves. Where most
 * values are 0 (offsets that are not there), the others are told apart: from 0 to their 98th percentile. Where nearly
 * all are another value: from the least to the greatest.
 */
export function percentileScale(values: ArrayLike<number>): ColourScale {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const others = sorted.filter((value) => value !== 0);
  if (sorted.length === 0) return { low: 0, high: 0, signed: false };
  if (others.length > 0 && others.length < sorted.length / 2)
    return { low: Math.min(0, quantile(others, 0.02)), high: Math.max(0, quantile(others, 0.98)), signed: false };
  const low = quantile(sorted, 0.02);
  const high = quantile(sorted, 0.98);
  return high > low ? { low, high, signed: false } : { low: sorted[0]!, high: sorted.at(-1)!, signed: false };
}

/** One scale for runs that stand side by side. */
export function sharedScale(scales: readonly ColourScale[]): ColourScale {
  return {
    low: Math.min(...scales.map(({ low }) => low)),
    high: Math.max(...scales.map(({ high }) => high)),
    signed: scales.some(({ signed }) => signed),
  };
}
