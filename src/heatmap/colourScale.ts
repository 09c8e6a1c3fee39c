/**
 * Maps values to colour bins. Values between `low` and `high` get different colours; values outside get the colour of
 * the nearer end.
 */
export interface ColourScale {
  low: number;
  high: number;
  /** The scale is symmetric about 0, and values near 0 have no colour. */
  signed: boolean;
}

/** Colour bins of an unsigned scale: 1 to 9. */
export const BINS = 9;
/** Colour bins on each side of a signed scale: -4 to 4, where bin 0 has no colour. */
export const BINS_PER_SIGN = 4;

/**
 * Returns the colour bin of a value: 1 to 9, or -4 to 4 on a signed scale. Bin 0 has no colour: it is the middle of a
 * signed scale, and the bin of a value that is missing or not finite.
 */
export function binOf(value: number | null | undefined, { low, high, signed }: ColourScale): number {
  if (value === null || value === undefined || !Number.isFinite(value)) return 0;
  if (signed) {
    const largest = Math.max(Math.abs(low), Math.abs(high));
    if (largest === 0) return 0;
    const bin = Math.round((Math.abs(value) / largest) * (BINS_PER_SIGN + 0.5) - 0.0001);
    return bin <= 0 ? 0 : Math.sign(value) * Math.min(BINS_PER_SIGN, bin);
  }
  if (!(high > low)) return Math.ceil(BINS / 2);
  return Math.min(BINS, Math.max(1, 1 + Math.floor(((value - low) / (high - low)) * BINS)));
}

/** Linear interpolation between the two nearest ranks. */
const quantile = (sorted: ArrayLike<number>, share: number): number => {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const part = at - below;
  return sorted[below]! * (1 - part) + (sorted[Math.min(sorted.length - 1, below + 1)] ?? 0) * part;
};

/**
 * Makes an unsigned scale from the 2nd to the 98th percentile, so that a few extreme values do not use up the colours.
 * If most values are 0 (tokens without an offset), the scale runs from 0 to the 98th percentile of the others. If both
 * percentiles are equal, it runs from the smallest value to the largest.
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

/** Returns the smallest scale that covers all given scales, for heatmaps that are visible at the same time. */
export function sharedScale(scales: readonly ColourScale[]): ColourScale {
  return {
    low: Math.min(...scales.map(({ low }) => low)),
    high: Math.max(...scales.map(({ high }) => high)),
    signed: scales.some(({ signed }) => signed),
  };
}
