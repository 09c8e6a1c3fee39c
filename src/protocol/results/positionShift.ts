import type { AlteredOutcome, Outcome } from "./outcome.ts";

/** What one shift changes in the model, over the measured examples. */
export interface Moved {
  /** Examples that were measured. */
  measured: number;
  /** KL divergence at the first new token, in nats. */
  kl: number;
  /** Largest change of a logit. */
  maxLogit: number;
  /**
   * Mean relative change (L2) of the backbone's last states of the text: the encoder's, in a causal model those that
   * the text's own tokens have.
   */
  encoderChange: number;
}

/** One test (T1 to T4) at one shift of `k` places. */
export interface Shifted extends AlteredOutcome, Moved {
  test: string;
  k: number;
  offsetChange: number | undefined;
  offsetCosine: number | undefined;
}

/**
 * Properties that must hold exactly, measured on the method's own graph (T0, T5, T6); all are largest absolute
 * differences.
 */
export interface PositionProperties {
  tokens: number;
  places: number;
  /** The largest offset itself. */
  largest: number;
  /** T0: between the offsets of one token at different places. */
  acrossPlaces: number;
  /** T0: between the offsets of different tokens at one place. */
  acrossTokens: number;
  /** T6: the mean variance of a token's offset over places. */
  withinType: number;
  /** Between the graph's input and the one that the analyses compute. */
  hostAgrees: number;
  /** Between the prompt's rows and the trained ones. */
  promptChange: number;
  /** T5: of the logits, relative to the largest, when texts are padded to a longer window. */
  padding: number;
  /** T5: of the logits, relative to the largest, when masked places hold another value. */
  padValue: number;
}

/** Texts shifted by k places, test by test. */
export interface PositionShift {
  full: Outcome;
  cases: Shifted[];
  properties: PositionProperties;
  /** Which of the test examples were shifted, by their index in the test split. */
  examples: number[];
  /** A fingerprint of the whole test split, equal for runs that share it. */
  texts: number;
  /** Whether the backbone reads text and answer as one sequence, where a shift leaves positions out. */
  isCausal?: boolean | undefined;
}
