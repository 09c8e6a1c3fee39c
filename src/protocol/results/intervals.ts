/** A confidence interval. */
export type Interval = [low: number, high: number];

/**
 * A median with the interval between two order statistics that contains it with at least the requested confidence
 * (binomial, no assumption on the distribution).
 */
export interface MedianInterval {
  n: number;
  median: number;
  low: number;
  high: number;
}

/** A value over several seeds; with one seed there is no spread and no interval. */
export interface SeedSummary {
  n: number;
  mean: number;
  median: number;
  min: number;
  max: number;
  sd?: number;
  standardError?: number;
  /** Student's t, n - 1 degrees of freedom. */
  interval?: Interval;
}
