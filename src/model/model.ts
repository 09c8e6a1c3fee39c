import type { Batch } from "../backbone/batch.ts";
import type { Parameters } from "../method/parameters.ts";

export interface StepOptions {
  /** The loss is the sum of token losses times this (1 / label tokens of the whole accumulated batch). */
  lossScale: number;
  /** Dropout factors (rows, sourceLength, hidden units), each 0 or 1/(1-p); absent: no dropout. */
  hiddenMask?: Float32Array | undefined;
  /** Factor of the mean squared offset over the mean squared embedding, added to the loss that is descended. */
  offsetPenalty?: number | undefined;
  /** What each squared offset counts, where the batch is a part of another for which the penalty was worked out. */
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
 * What an analysis observes behind a prediction: the logits of the first new token (rows, vocabulary) and the last
 * states of prompt and text (rows, input length, width).
 */
export interface Observation {
  logits: Float32Array;
  states: Float32Array;
}
export type Observe = (observation: Observation) => void;

/** What training and evaluation need of a backbone with a method; see localModel.ts and modelPool.ts. */
export interface TunedModel {
  step(parameters: Parameters, batch: Batch, options: StepOptions): Promise<StepResult>;
  /** Losses of the batch's targets, without dropout. */
  losses(parameters: Parameters, batch: Batch): Promise<RowLosses>;
  /** Greedy decoding with a key-value cache; ids of each row up to and with end-of-sequence. */
  generate(parameters: Parameters, batch: Batch, maxTokens: number): Promise<number[][]>;
  /** Both of the above with the text read once. */
  predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    observe?: Observe,
  ): Promise<RowLosses & { generated: number[][] }>;
  /** Minus the log-likelihood (nats, summed over tokens) of each target for each row; the text is read once. */
  scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    observe?: Observe,
  ): Promise<number[][]>;
  release(): Promise<void>;
}
