import type { Batch } from "../backbone/batch.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Sampling } from "./chooseToken.ts";

/** The options of one training step. */
export interface StepOptions {
  /** Factor of the sum of token losses: 1 / label tokens of all batches that make one update. */
  lossScale: number;
  /** Dropout factors (rows, sourceLength, hidden units) of the method, each 0 or 1/(1-p); absent: no dropout. */
  hiddenMask?: Float32Array | undefined;
  /**
   * Factor of the mean squared offset over the mean squared embedding; the product is added to the loss for the
   * gradients.
   */
  offsetPenalty?: number | undefined;
  /** Factor of each squared offset, computed over the whole batch; given for a part of a batch. */
  penaltyWeight?: number | undefined;
  /** Dropout inside the frozen backbone; the same seed and batch shape give the same masks. */
  backboneDropout?: { rate: number; seed: number } | undefined;
}

/** Loss and gradients of one batch. */
export interface StepResult {
  loss: number;
  gradients: Map<string, Float32Array>;
}

/** Sum of token losses and count of label tokens of each row. */
export interface RowLosses {
  sum: number[];
  tokens: number[];
}

/**
 * The values of a prediction that an analysis observes: the logits of the first new token (rows, vocabulary) and the
 * last states of prompt and text (rows, input length, width).
 */
export interface Observation {
  logits: Float32Array;
  states: Float32Array;
}
export type Observe = (observation: Observation) => void;

/** How texts are generated. */
export interface GenerateOptions {
  /** How tokens are drawn; absent: the likeliest is taken. */
  sampling?: Sampling | undefined;
  /** Whether rows continue after their end token, so that the time does not depend on the generated text. */
  endless?: boolean | undefined;
}

/** What training and evaluation need of a backbone with a method; see localModel.ts and modelPool.ts. */
export interface TunedModel {
  step(parameters: Parameters, batch: Batch, options: StepOptions): Promise<StepResult>;
  /** Losses of the batch's targets, without dropout. */
  losses(parameters: Parameters, batch: Batch): Promise<RowLosses>;
  /**
   * Decoding with a key-value cache, greedy unless a sampling is given. Returns the ids of each row up to and including
   * its end token.
   */
  generate(parameters: Parameters, batch: Batch, maxTokens: number, options?: GenerateOptions): Promise<number[][]>;
  /** `losses` and `generate` together; the text is read once for both. */
  predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    observe?: Observe,
  ): Promise<RowLosses & { generated: number[][] }>;
  /** The negative log-likelihood (nats, summed over tokens) of each target for each row; the text is read once. */
  scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    observe?: Observe,
  ): Promise<number[][]>;
  release(): Promise<void>;
}
