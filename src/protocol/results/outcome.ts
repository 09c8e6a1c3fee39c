import type { Interval } from "./intervals.ts";

/** A difference over the same examples: altered minus reference. */
export interface Estimate {
  difference: number;
  /** Percentile interval of the paired bootstrap, 95 %. */
  interval: Interval;
  /** The bias-corrected and accelerated interval. */
  bca: Interval;
  p: number;
  /** Whether `interval` excludes 0. */
  found: boolean;
  /** The size that would have been found about half the time. */
  detectable: number;
}

/** Two evaluations of the same examples. */
export interface Difference {
  /** Examples. */
  n: number;
  /** Share of exact matches, 0..1. */
  right: Estimate;
  /** Nats per token, mean over examples. */
  loss: Estimate;
  /** McNemar's exact p. */
  mcnemarP: number;
  /** Share of predictions that changed, 0..1. */
  flips: number;
}

/** One evaluation of the test examples. */
export interface Outcome {
  label: string;
  metrics: Record<string, number>;
  loss: number;
  /** One digit per test example, 1 where the prediction is right; differences of differences are computed from it. */
  right: string;
}

/** An evaluation with something altered, against the unaltered one. */
export interface AlteredOutcome extends Outcome {
  versus: Difference;
  /** McNemar's exact p, corrected by Holm for the number of cases in the table. */
  holmP: number;
}
