import type { Batch } from "../../backbone/batch.ts";
import type { Observation } from "../../model/model.ts";
import { divergence, sharesOf, type Shares } from "./shiftMeasures.ts";
import type { Moved } from "../../protocol/results/positionShift.ts";

/**
 * Bytes of logits and states of the unshifted texts that are kept to be held against; texts beyond them are evaluated
 * but not measured.
 */
const MOST_BYTES = 2 ** 28;

interface Row {
  shares: Shares;
  states: Float32Array;
  size: number;
}

/**
 * Holds what the backbone says of shifted texts against what it says of the same texts unshifted, row by row in the
 * order they come.
 */
export class ShiftMeter {
  private readonly rows: Row[] = [];
  private bytes = 0;
  private sums = { rows: 0, kl: 0, maxLogit: 0, encoder: 0 };
  private at = 0;

  constructor(private readonly width: number) {}

  /** Calls for each row with its logits and the states of its valid text. */
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

  /** The unshifted texts' part. @param batch as it is before any alteration */
  reference = (seen: Observation, batch: Batch): void => {
    this.each(seen, batch, (logits, states) => {
      this.bytes += 8 * logits.length + 4 * states.length;
      if (this.bytes <= MOST_BYTES)
        this.rows.push({ shares: sharesOf(logits.slice()), states: states.slice(), size: lengthOf(states) });
    });
  };

  /** A shifted part; the texts come in the same order. */
  shifted = (seen: Observation, batch: Batch): void => {
    this.each(seen, batch, (logits, states) => {
      const row = this.rows[this.at++];
      const { sums } = this;
      if (row === undefined) return;
      sums.rows++;
      sums.kl += divergence(row.shares, logits);
      sums.maxLogit = Math.max(sums.maxLogit, largestChange(logits, row.shares.logits));
      sums.encoder += distance(states, row.states) / row.size;
    });
  };

  /** What one shift moved; the next starts afresh. */
  take(): Moved {
    const { rows, kl, maxLogit, encoder } = this.sums;
    this.sums = { rows: 0, kl: 0, maxLogit: 0, encoder: 0 };
    this.at = 0;
    return { measured: rows, kl: kl / rows, maxLogit, encoderChange: encoder / rows };
  }

  /** What a shift moves that changes nothing of the input. */
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
