import type { AlteredOutcome, Outcome } from "./outcome.ts";

/**
 * The share of right predictions (0..1) of each outcome, on texts whose tokens all occur in training and on texts with
 * at least one that does not.
 */
export interface UnseenSplit {
  /** Test texts whose tokens all occur in training. */
  seen: number;
  /** Test texts with at least one token that does not. */
  unseen: number;
  rows: {
    label: string;
    seen: number | undefined;
    unseen: number | undefined;
  }[];
}

/** Component ablation, post-hoc. */
export interface Ablation {
  full: Outcome;
  cases: AlteredOutcome[];
  unseen: UnseenSplit;
}
