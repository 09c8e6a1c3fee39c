import assert from "node:assert/strict";
import type { Batch } from "../../src/backbone/batch.ts";
import { padBatch } from "../../src/training/batch/padBatch.ts";

/** Rows as Hugging Face has them: text and target in one, labels -100 where there is no target. */
export interface CausalRows {
  input_ids: number[][];
  attention_mask: number[][];
  labels: number[][];
}

/** The rows' texts and targets apart, each padded on the right. */
export function causalBatch({ input_ids, attention_mask, labels }: CausalRows): Batch {
  const rows = input_ids.map((ids, row) => {
    const tokens = ids
      .map((id, i) => ({ id, label: labels[row]![i]! }))
      .filter((_, i) => attention_mask[row]![i] === 1);
    const from = tokens.findIndex(({ label }) => label >= 0);
    assert.ok(from > 0 && tokens.slice(from).every(({ id, label }) => id === label), "a target ends its row");
    return { text: tokens.slice(0, from).map(({ id }) => id), target: tokens.slice(from).map(({ id }) => id) };
  });
  return padBatch(rows.map(({ text, target }) => ({ input: "", target: "", ids: text, labels: target })));
}

/** The whole rows as texts, which is what the goldens' greedy decoding continues. */
export const continuedBatch = ({ input_ids, attention_mask }: CausalRows): Batch => ({
  rows: input_ids.length,
  sourceLength: input_ids[0]!.length,
  targetLength: 1,
  ids: Int32Array.from(input_ids.flat()),
  mask: Float32Array.from(attention_mask.flat()),
  labels: new Int32Array(input_ids.length),
});

/**
 * The logits that predict the labels, (labels, vocabulary), out of those of every place of the rows.
 * @param logits (rows, prompt + length, vocabulary)
 */
export function labelLogits(
  { labels }: Pick<CausalRows, "labels">,
  { dims, data }: { dims: readonly number[]; data: Float32Array },
): Float32Array {
  const [, length, vocabulary] = dims as [number, number, number];
  const prompt = length - labels[0]!.length;
  const places = labels.flatMap((row, at) =>
    row.flatMap((label, i) => (label >= 0 ? [at * length + prompt + i - 1] : [])),
  );
  const chosen = new Float32Array(places.length * vocabulary);
  places.forEach((place, i) => {
    chosen.set(data.subarray(place * vocabulary, (place + 1) * vocabulary), i * vocabulary);
  });
  return chosen;
}
