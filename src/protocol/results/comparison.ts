import type { Phrase } from "../../base/phrase.ts";
import type { SeedSummary } from "./intervals.ts";
import type { Difference } from "./outcome.ts";

/** One line of a comparison: settings that were varied, at the tuned values that validation chose. */
export interface ComparisonRow {
  label: string;
  /** Tuned keys at their chosen values. */
  chosen: Record<string, unknown>;
  /** Combinations of tuned values that were tried. */
  tried: number;
  /** Combinations of tuned values that could be judged on validation. */
  judged: number;
  /** Ids of the runs of the chosen combination. */
  runs: string[];
  /** Seeds of `runs`, in the same order. */
  seeds: number[];
  /** Ids of the runs of any combination that have not finished. */
  unfinished: string[];
  trainable: number | undefined;
  /** The score that chose the combination, over its seeds. */
  validation: SeedSummary | undefined;
  /** The metric on the test split, over the same seeds. */
  test: SeedSummary | undefined;
  /** The metric on the test split for each of `seeds`. */
  values: number[];
  testExamples: number | undefined;
}

export interface Comparison {
  /** A metric's name; its values are shares, 0..1, or correlations. */
  metric: string;
  rows: ComparisonRow[];
  warnings: string[];
  /** The warnings, to be shown in any language. */
  phrases: Phrase[];
}

/** A run against the reference on the same test examples. */
export interface Pair {
  id: string;
  /** The run minus the reference. */
  difference: Difference | undefined;
  /** McNemar's exact p, corrected by Holm for the number of pairs. */
  holmP: number | undefined;
  /** Why there is no difference. */
  reason: string | undefined;
}

/** Runs over their seeds, and each against the first. */
export interface RunComparison {
  reference: string;
  pairs: Pair[];
  comparison: Comparison;
}
