import { MersenneTwister, permutation } from "../base/random.ts";
import type { Batch } from "../model/model.ts";

/** One example as text and as ids; both id lists end with end-of-sequence unless cut. */
export interface TokenisedExample {
  input: string;
  target: string;
  answers?: readonly string[] | undefined;
  group?: string | undefined;
  tests?: readonly string[] | undefined;
  ids: ArrayLike<number>;
  labels: ArrayLike<number>;
}

export interface TextEncoder {
  encodeIds(text: string, options: { addSpecial?: boolean; maxLength?: number }): Promise<ArrayLike<number>>;
}

const PAD = 0;
const IGNORED = -100;
const WINDOW = 16;

/** Examples as ids, cut to the lengths given (in tokens, end-of-sequence included). */
export async function tokenise(
  examples: readonly { source: string; target: string; answers?: string[]; group?: string; tests?: string[] }[],
  tokenizer: TextEncoder,
  lengths: { maxSourceLength: number; maxTargetLength: number },
): Promise<TokenisedExample[]> {
  return Promise.all(
    examples.map(async ({ source, target, answers, group, tests }) => ({
      input: source,
      target,
      answers,
      group,
      tests,
      ids: await tokenizer.encodeIds(source, { addSpecial: true, maxLength: lengths.maxSourceLength }),
      labels: await tokenizer.encodeIds(target, { addSpecial: true, maxLength: lengths.maxTargetLength }),
    })),
  );
}

/** Examples as one batch, padded on the right to the longest; an empty source keeps one unmasked position. */
export function padBatch(examples: readonly TokenisedExample[]): Batch {
  const rows = examples.length;
  const sourceLength = examples.reduce((longest, { ids }) => Math.max(longest, ids.length), 1);
  const targetLength = examples.reduce((longest, { labels }) => Math.max(longest, labels.length), 1);
  const ids = new Int32Array(rows * sourceLength).fill(PAD);
  const mask = new Float32Array(rows * sourceLength);
  const labels = new Int32Array(rows * targetLength).fill(IGNORED);
  examples.forEach((example, row) => {
    ids.set(example.ids, row * sourceLength);
    mask.fill(1, row * sourceLength, row * sourceLength + Math.max(1, example.ids.length));
    labels.set(example.labels, row * targetLength);
  });
  return { rows, sourceLength, targetLength, ids, mask, labels };
}

/** Label positions that count in the loss. */
export function labelTokens(batch: Batch): number {
  return batch.labels.reduce((count, label) => (label === IGNORED ? count : count + 1), 0);
}

/** A 32-bit seed that depends on every number given (FNV-1a over 32-bit words, then murmur3's finaliser). */
export function mixSeed(...parts: number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part >>> 0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Indices of each batch of one epoch: shuffled, sorted by length within windows of 16 batches, the batches shuffled
 * again.
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
 * The endless sequence of training batches: a pure function of (seed, index), so a resumed run needs no generator
 * state.
 */
export class BatchSequence {
  readonly #examples: readonly TokenisedExample[];
  readonly #options: { batchSize: number; seed: number };
  readonly #lengths: number[];
  readonly #perEpoch: number;
  #epoch = -1;
  #batches: number[][] = [];

  /** @throws Error if there are no examples */
  constructor(examples: readonly TokenisedExample[], options: { batchSize: number; seed: number }) {
    if (examples.length === 0) throw new Error("no training examples");
    this.#examples = examples;
    this.#options = options;
    this.#lengths = examples.map(({ ids }) => ids.length);
    this.#perEpoch = Math.ceil(examples.length / options.batchSize);
  }

  /** @param index micro-batch number from the start of the run */
  batch(index: number): Batch {
    const epoch = Math.floor(index / this.#perEpoch);
    if (epoch !== this.#epoch) {
      this.#batches = epochBatches(this.#lengths, this.#options.batchSize, this.#options.seed, epoch);
      this.#epoch = epoch;
    }
    return padBatch(this.#batches[index % this.#perEpoch]!.map((at) => this.#examples[at]!));
  }
}

/**
 * Dropout factors of the hidden units, 0 or 1 / (1 - rate); a pure function of (seed, step, micro).
 * @param size number of factors: rows x source length x bottleneck
 */
export function dropoutMask(
  size: number,
  rate: number,
  at: { seed: number; step: number; micro: number },
): Float32Array {
  const random = new MersenneTwister(mixSeed(at.seed, 3, at.step, at.micro));
  const threshold = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) mask[i] = random.nextUint32() < threshold ? 0 : kept;
  return mask;
}
