import type { Parameters } from "../method/parameters.ts";

/**
 * One padded batch. `ids` and `mask` are (rows, sourceLength); `labels` is (rows, targetLength) with -100 where padded.
 */
export interface Batch {
  rows: number;
  sourceLength: number;
  targetLength: number;
  ids: Int32Array;
  mask: Float32Array;
  labels: Int32Array;
  /**
   * the encoder's input (rows, sourceLength, width), where it is given instead of made from ids; `mask` is then its
   * mask
   */
  embedded?: Float32Array;
}

export interface StepOptions {
  /** the loss is the sum of token losses times this (1 / label tokens of the whole accumulated batch) */
  lossScale: number;
  /** dropout factors (rows, sourceLength, bottleneck), each 0 or 1/(1-p); absent: no dropout */
  hiddenMask?: Float32Array | undefined;
  /** factor of the mean squared offset over the mean squared embedding, added to the loss that is descended */
  offsetPenalty?: number | undefined;
  /** what each squared offset counts, where the batch is a part of another for which the penalty was worked out */
  penaltyWeight?: number | undefined;
  /** dropout inside the frozen backbone; the same seed and batch shape give the same masks */
  backboneDropout?: { rate: number; seed: number } | undefined;
}

/**
 * What an analysis looks at behind a prediction: the logits of the first new token (rows, vocabulary) and the encoder's
 * states (rows, encoder length, width).
 */
export interface Seen {
  logits: Float32Array;
  states: Float32Array;
}

/** What training and evaluation need of a backbone with a method: see method/tunedModel.ts for the real one. */
export interface TunedModel {
  /** Loss and gradients of one batch. */
  step(
    parameters: Parameters,
    batch: Batch,
    options: StepOptions,
  ): Promise<{ loss: number; gradients: Map<string, Float32Array> }>;
  /** Sum of token losses and count of label tokens of each row; no dropout. */
  losses(parameters: Parameters, batch: Batch): Promise<{ sum: number[]; tokens: number[] }>;
  /** Greedy decoding with a key-value cache; ids of each row up to and with end-of-sequence. */
  generate(parameters: Parameters, batch: Batch, maxTokens: number): Promise<number[][]>;
  /** Both of the above with the encoder run once. */
  predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    see?: (seen: Seen) => void,
  ): Promise<{ sum: number[]; tokens: number[]; generated: number[][] }>;
  /** Minus the log-likelihood (nats, summed over tokens) of each target for each row; the encoder runs once. */
  scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    see?: (seen: Seen) => void,
  ): Promise<number[][]>;
  release(): Promise<void>;
}
