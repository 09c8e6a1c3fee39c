import type { MedianInterval } from "./intervals.ts";

/** One form of the model timed on one batch. */
export interface Timed {
  form: string;
  parameters: number;
  promptLength: number;
  /** Tokens of a text. */
  length: number;
  batchSize: number;
  /** Milliseconds of reading the text and of the decoded tokens. */
  endToEnd: MedianInterval;
  /** Milliseconds of the input [P ; E'] alone. */
  inputLayer: MedianInterval;
  /** The time divided by the bare backbone's for the same length and batch size. */
  ratio: MedianInterval;
}

/** The folded model's time divided by another form's of the same round. */
export interface FoldAgainst {
  against: string;
  /** The ratio over all batches. */
  ratio: MedianInterval;
  cells: { length: number; batchSize: number; ratio: MedianInterval }[];
}

/**
 * How the folded run compares with other forms in time, and on how many test texts it generates the same tokens as the
 * run.
 */
export interface FoldStatement {
  form: string;
  against: FoldAgainst[];
  predictions: { equal: number; total: number };
}

/** The latency analysis: times of each form of the model, text length and batch size. */
export interface Latency {
  rounds: number;
  /** Tokens that each form decodes. */
  tokens: number;
  device: string;
  rows: Timed[];
  /** Absent for runs without a fold, and in results that were stored before it was measured. */
  fold?: FoldStatement | undefined;
}
