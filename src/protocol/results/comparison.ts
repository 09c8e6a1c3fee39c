import type { Phrase } from "../../base/phrase.ts";
import type { SeedSummary } from "./intervals.ts";
import type { Difference } from "./outcome.ts";

/** One row of a comparison: a combination of varied settings, with the tuned values that were chosen on validation. */
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

/** The comparison of an experiment's runs: a row for each variant, and warnings. */
export interface Comparison {
  /** A metric's name; its values are shares, 0..1, or correlations. */
  metric: string;
  rows: ComparisonRow[];
  warnings: string[];
  /** The warnings as phrases, for translation. */
  phrases: Phrase[];
}

/** A run compared with the reference on the same test examples. */
export interface Pair {
  id: string;
  /** The run minus the reference. */
  difference: Difference | undefined;
  /** McNemar's exact p, corrected by Holm for the number of pairs. */
  holmP: number | undefined;
  /** Why no difference could be computed. */
  reason: string | undefined;
}

/** Runs summarised over their seeds, and each compared with the first. */
export interface RunComparison {
  reference: string;
  pairs: Pair[];
  comparison: Comparison;
}
