import type { SeedSummary } from "./intervals.ts";
import type { AlteredOutcome, Outcome } from "./outcome.ts";

/** Token specificity, post-hoc. */
export interface Specificity {
  full: Outcome;
  index: number | undefined;
  cases: (AlteredOutcome & { group: string })[];
  /** Means over the draws of one permutation test. */
  draws: { group: string; right: SeedSummary }[];
  /** (A0 - A3) / (A0 - A1), only when A0 - A1 exceeds its interval. */
  explained: number | undefined;
}
