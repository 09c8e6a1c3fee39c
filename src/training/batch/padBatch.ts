import type { Batch } from "../../backbone/batch.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

const PAD = 0;
/** A label that has no loss. */
const IGNORED = -100;

/** Makes one batch of examples, padded on the right to the longest; an empty source keeps one unmasked position. */
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
  if (examples.every(({ targetIds }) => targetIds === undefined))
    return { rows, sourceLength, targetLength, ids, mask, labels };
  const own = new Int32Array(rows * targetLength).fill(PAD);
  examples.forEach((example, row) => {
    own.set(example.targetIds ?? example.labels, row * targetLength);
  });
  return { rows, sourceLength, targetLength, ids, mask, labels, targetIds: own };
}

/** Counts the label positions of a batch that have a loss. */
export function labelTokens(batch: Batch): number {
  return batch.labels.reduce((count, label) => (label === IGNORED ? count : count + 1), 0);
}
