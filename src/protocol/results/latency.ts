import type { MedianInterval } from "./intervals.ts";

/** One form of the model timed on one batch. */
export interface Timed {
  form: string;
  parameters: number;
  promptLength: number;
  /** Tokens of a text. */
  length: number;
  batchSize: number;
  /** Milliseconds of the encoder and the decoded tokens. */
  endToEnd: MedianInterval;
  /** Milliseconds of the input [P ; E'] alone. */
  inputLayer: MedianInterval;
  /** Over the bare backbone's time, same length and batch. */
  ratio: MedianInterval;
}

/** The fold's time over another form's of the same round. */
export interface FoldAgainst {
  against: string;
  /** Over all batches. */
  ratio: MedianInterval;
  cells: { length: number; batchSize: number; ratio: MedianInterval }[];
}

/** What folding costs or saves, and on how many test texts the folded run generates the same tokens as the run. */
export interface FoldStatement {
  form: string;
  against: FoldAgainst[];
  predictions: { equal: number; total: number };
}

export interface Latency {
  rounds: number;
  /** Tokens that each form decodes. */
  tokens: number;
  device: string;
  rows: Timed[];
  /** Absent for runs without a fold, and in results that were stored before it was measured. */
  fold?: FoldStatement | undefined;
}
