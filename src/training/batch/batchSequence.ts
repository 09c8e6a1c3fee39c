import { mixSeed } from "../../base/mixSeed.ts";
import { permutation } from "../../base/random.ts";
import type { Batch } from "../../backbone/batch.ts";
import { exampleTokens } from "../../backbone/batchRows.ts";
import { padBatch } from "./padBatch.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/** Batches whose examples are sorted by length together, so that a batch has little padding. */
const WINDOW = 16;

/**
 * Indices of the examples of each batch of one epoch: shuffled, sorted by length within windows of 16 batches, and
 * the batches shuffled again.
 */
export function epochBatches(lengths: readonly number[], batchSize: number, seed: number, epoch: number): number[][] {
  const order = Array.from(permutation(lengths.length, mixSeed(seed, 1, epoch)));
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += WINDOW * batchSize) {
    const window = order.slice(start, start + WINDOW * batchSize).sort((a, b) => lengths[a]! - lengths[b]!);
    for (let at = 0; at < window.length; at += batchSize) batches.push(window.slice(at, at + batchSize));
  }
  return Array.from(permutation(batches.length, mixSeed(seed, 2, epoch)), (index) => batches[index]!);
}

/**
 * The endless sequence of training batches. Each is a pure function of (seed, index), so a resumed run needs no
 * generator state.
 */
export class BatchSequence {
  readonly #examples: readonly TokenisedExample[];
  readonly #options: { batchSize: number; seed: number; isCausal: boolean };
  readonly #lengths: number[];
  readonly #perEpoch: number;
  #epoch = -1;
  #batches: number[][] = [];

  /**
   * @param options isCausal: whether the model reads text and target as one sequence
   * @throws Error if there are no examples
   */
  constructor(examples: readonly TokenisedExample[], options: { batchSize: number; seed: number; isCausal: boolean }) {
    if (examples.length === 0) throw new Error("no training examples");
    this.#examples = examples;
    this.#options = options;
    this.#lengths = examples.map((example) => exampleTokens(example, options.isCausal));
    this.#perEpoch = Math.ceil(examples.length / options.batchSize);
  }

  /** @param index number of the batch from the start of the run; an update takes one for each accumulation step */
  batch(index: number): Batch {
    const epoch = Math.floor(index / this.#perEpoch);
    if (epoch !== this.#epoch) {
      this.#batches = epochBatches(this.#lengths, this.#options.batchSize, this.#options.seed, epoch);
      this.#epoch = epoch;
    }
    return padBatch(this.#batches[index % this.#perEpoch]!.map((at) => this.#examples[at]!));
  }
}
