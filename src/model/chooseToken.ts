import type { Batch } from "../backbone/batch.ts";
import { textLength } from "../backbone/batchRows.ts";
import { mixSeed } from "../base/mixSeed.ts";
import { MersenneTwister } from "../base/random.ts";

/** How new tokens are drawn instead of the likeliest being taken. */
export interface Sampling {
  /** Divides the logits; above 0. Small values come near to the likeliest token, large ones to any. */
  temperature: number;
  /** Draws among the smallest set of likeliest tokens whose probabilities sum to at least this; 1: among all. */
  topP: number;
  seed: number;
}

/**
 * Chooses the next token of a row.
 * @param logits one value for each token of the vocabulary
 * @param row the row's index in the batch
 */
export type ChooseToken = (logits: Float32Array, row: number) => number;

/** The likeliest token; of equal ones the first. */
export const likeliestToken: ChooseToken = (logits) => {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
};

/** Each token's share exp((z - most) / temperature), not divided by their sum. */
function weightsOf(logits: Float32Array, temperature: number): Float64Array {
  const most = logits[likeliestToken(logits, 0)]!;
  return Float64Array.from(logits, (z) => Math.exp((z - most) / temperature));
}

/**
 * The smallest set of likeliest tokens whose shares of the sum are at least `topP` together, likeliest first; of equal
 * ones the first.
 */
export function nucleus(weights: Float64Array, topP: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // All tokens below this share together have less than 1 - topP, so that none of them is needed.
  const least = ((1 - topP) * total) / weights.length;
  const ids: number[] = [];
  weights.forEach((weight, id) => {
    if (weight >= least) ids.push(id);
  });
  ids.sort((a, b) => weights[b]! - weights[a]! || a - b);
  let sum = 0;
  const end = ids.findIndex((id) => (sum += weights[id]!) >= topP * total);
  return end < 0 ? ids : ids.slice(0, end + 1);
}

/** Draws one of the tokens, each with a probability in proportion to its weight. */
function drawn(weights: Float64Array, ids: readonly number[], random: MersenneTwister): number {
  let total = 0;
  for (const id of ids) total += weights[id]!;
  let left = random.uniform() * total;
  let last = 0;
  for (const id of ids) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id]!;
    if (left < 0) break;
  }
  return last;
}

/**
 * Chooses by the sampling. Each row has a generator of its own, seeded by the seed and the row's text, so that a text
 * gets the same answer whatever stands beside it.
 */
export function samplingChoice(batch: Batch, { temperature, topP, seed }: Sampling): ChooseToken {
  const generators = Array.from({ length: batch.rows }, (_, row) => {
    const from = row * batch.sourceLength;
    return new MersenneTwister(mixSeed(seed, ...batch.ids.subarray(from, from + textLength(batch, row))));
  });
  return (logits, row) => {
    const weights = weightsOf(logits, temperature);
    const ids = topP < 1 ? nucleus(weights, topP) : Array.from(weights.keys());
    return drawn(weights, ids, generators[row]!);
  };
}
