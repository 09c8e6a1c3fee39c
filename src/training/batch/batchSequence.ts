import { mixSeed } from "../../base/mixSeed.ts";
import { permutation } from "../../base/random.ts";
import type { Batch } from "../../backbone/batch.ts";
import { embeddedTokens, type ExampleList } from "./exampleList.ts";
import { padBatch } from "./padBatch.ts";

/** Batches whose examples are sorted by length together, so that a batch has little padding. */
const WINDOW = 16;

/** The lengths of examples in tokens. */
interface ExampleLengths {
  length: number;
  of: (example: number) => number;
}

/**
 * The batches of one epoch: examples shuffled, sorted by length within windows of 16 batches, and the batches shuffled
 * again. It keeps four bytes an example; a window is sorted when a batch of it is asked for.
 */
class EpochOrder {
  readonly #examples: Int32Array;
  readonly #batches: Int32Array;

  constructor(
    private readonly lengths: ExampleLengths,
    private readonly batchSize: number,
    { seed, epoch }: { seed: number; epoch: number },
  ) {
    this.#examples = permutation(lengths.length, mixSeed(seed, 1, epoch));
    this.#batches = permutation(Math.ceil(lengths.length / batchSize), mixSeed(seed, 2, epoch));
  }

  get length(): number {
    return this.#batches.length;
  }

  /** Indices of the examples of a batch. */
  batch(index: number): number[] {
    const place = this.#batches[index]!;
    const start = Math.floor(place / WINDOW) * WINDOW * this.batchSize;
    const window = Array.from(this.#examples.subarray(start, start + WINDOW * this.batchSize)).sort(
      (a, b) => this.lengths.of(a) - this.lengths.of(b),
    );
    const at = (place % WINDOW) * this.batchSize;
    return window.slice(at, at + this.batchSize);
  }
}

/** Indices of the examples of each batch of one epoch. */
export function epochBatches(lengths: readonly number[], batchSize: number, seed: number, epoch: number): number[][] {
  const order = new EpochOrder({ length: lengths.length, of: (at) => lengths[at]! }, batchSize, { seed, epoch });
  return Array.from({ length: order.length }, (_, at) => order.batch(at));
}

/**
 * The endless sequence of training batches. Each is a pure function of (seed, index), so a resumed run needs no
 * generator state.
 */
export class BatchSequence {
  readonly #examples: ExampleList;
  readonly #options: { batchSize: number; seed: number; isCausal: boolean };
  readonly #lengths: ExampleLengths;
  readonly #perEpoch: number;
  #epoch = -1;
  #order: EpochOrder | undefined;

  /**
   * @param options isCausal: whether the model reads text and target as one sequence
   * @throws Error if there are no examples
   */
  constructor(examples: ExampleList, options: { batchSize: number; seed: number; isCausal: boolean }) {
    if (examples.length === 0) throw new Error("no training examples");
    this.#examples = examples;
    this.#options = options;
    this.#lengths = { length: examples.length, of: (at) => embeddedTokens(examples, at, options.isCausal) };
    this.#perEpoch = Math.ceil(examples.length / options.batchSize);
  }

  /** @param index number of the batch from the start of the run; an update takes one for each accumulation step */
  batch(index: number): Batch {
    const epoch = Math.floor(index / this.#perEpoch);
    if (this.#order === undefined || epoch !== this.#epoch) {
      this.#order = new EpochOrder(this.#lengths, this.#options.batchSize, { seed: this.#options.seed, epoch });
      this.#epoch = epoch;
    }
    return padBatch(this.#order.batch(index % this.#perEpoch).map((at) => this.#examples.at(at)!));
  }
}
