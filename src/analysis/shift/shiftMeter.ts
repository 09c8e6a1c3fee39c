import type { Batch } from "../../backbone/batch.ts";
import type { Observation } from "../../model/model.ts";
import { divergence, sharesOf, type Shares } from "./shiftMeasures.ts";
import type { Moved } from "../../protocol/results/positionShift.ts";

/**
 * The most bytes of logits and states of unshifted texts that are kept for comparison. Texts beyond this limit are
 * evaluated but not measured.
 */
const MOST_BYTES = 2 ** 28;

interface Row {
  shares: Shares;
  states: Float32Array;
  size: number;
}

/**
 * Compares the backbone's logits and last states for shifted texts with those for the same texts unshifted. Rows are
 * matched by their order: every pass must give the texts in the same order.
 */
export class ShiftMeter {
  private readonly rows: Row[] = [];
  private bytes = 0;
  private sums = { rows: 0, kl: 0, maxLogit: 0, encoder: 0 };
  private at = 0;

  constructor(private readonly width: number) {}

  /** Calls `take` for each row with its logits (V) and the states of its valid tokens (tokens, d). */
  private each(
    { logits, states }: Observation,
    batch: Batch,
    take: (logits: Float32Array, states: Float32Array) => void,
  ): void {
    const V = logits.length / batch.rows;
    const length = states.length / (batch.rows * this.width);
    const before = length - batch.sourceLength;
    for (let row = 0; row < batch.rows; row++) {
      let valid = 0;
      for (let i = 0; i < batch.sourceLength; i++) valid += batch.mask[row * batch.sourceLength + i]!;
      const from = (row * length + before) * this.width;
      take(logits.subarray(row * V, (row + 1) * V), states.subarray(from, from + valid * this.width));
    }
  }

  /** Stores the rows of an unshifted batch. @param batch the batch before any alteration */
  reference = (observation: Observation, batch: Batch): void => {
    this.each(observation, batch, (logits, states) => {
      this.bytes += 8 * logits.length + 4 * states.length;
      if (this.bytes <= MOST_BYTES)
        this.rows.push({ shares: sharesOf(logits.slice()), states: states.slice(), size: lengthOf(states) });
    });
  };

  /** Compares the rows of a shifted batch with the stored ones. @param batch the batch before its alteration */
  shifted = (observation: Observation, batch: Batch): void => {
    this.each(observation, batch, (logits, states) => {
      const row = this.rows[this.at++];
      const { sums } = this;
      if (row === undefined) return;
      sums.rows++;
      sums.kl += divergence(row.shares, logits);
      sums.maxLogit = Math.max(sums.maxLogit, largestChange(logits, row.shares.logits));
      sums.encoder += distance(states, row.states) / row.size;
    });
  };

  /** Returns the measures of one shift and starts the next. */
  take(): Moved {
    const { rows, kl, maxLogit, encoder } = this.sums;
    this.sums = { rows: 0, kl: 0, maxLogit: 0, encoder: 0 };
    this.at = 0;
    return { measured: rows, kl: kl / rows, maxLogit, encoderChange: encoder / rows };
  }

  /** The measures of a shift that leaves the input unchanged: all 0. */
  get still(): Moved {
    return { measured: this.rows.length, kl: 0, maxLogit: 0, encoderChange: 0 };
  }
}

function lengthOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

function largestChange(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i]! - b[i]!);
    if (apart > most || Number.isNaN(apart)) most = apart;
  }
  return most;
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
