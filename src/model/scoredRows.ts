import { HeldTensor } from "../engine/heldTensor.ts";
import type { Batch } from "../backbone/batch.ts";
import type { Feeds } from "../backbone/feeds.ts";

/** Logits that are computed at once where targets are scored: 128 MB, and as much again for their logarithms. */
const MOST_LOGITS = 2 ** 25;

/** How many rows with targets of `targetLength` tokens are scored at once; at least 1. */
export const scoredRows = (targetLength: number, vocabulary: number): number =>
  Math.max(1, Math.floor(MOST_LOGITS / (targetLength * vocabulary)));

/** Rows `from` (inclusive) to `to` (exclusive). */
export interface RowRange {
  from: number;
  to: number;
}

/** Divides rows, in order, into ranges of at most `most`. */
export const rowRanges = (rows: number, most: number): RowRange[] =>
  Array.from({ length: Math.ceil(rows / most) }, (_, i) => ({ from: i * most, to: Math.min(rows, (i + 1) * most) }));

/** A range of a batch's rows, padded as the batch is. */
export function batchRange(batch: Batch, { from, to }: RowRange): Batch {
  if (from === 0 && to === batch.rows) return batch;
  const of = <T extends Int32Array | Float32Array>(values: T): T => {
    const width = values.length / batch.rows;
    return values.subarray(from * width, to * width) as T;
  };
  const { ids, mask, labels, targetIds, inputEmbeddings } = batch;
  return {
    ...batch,
    rows: to - from,
    ids: of(ids),
    mask: of(mask),
    labels: of(labels),
    ...(targetIds && { targetIds: of(targetIds) }),
    ...(inputEmbeddings && { inputEmbeddings: of(inputEmbeddings) }),
  };
}

/** A range of the rows of feeds whose first axis is the batch's rows. */
export const feedsRange = (feeds: Feeds, { from, to }: RowRange): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      const { dims } = tensor;
      if (from === 0 && to === dims[0]) return [name, tensor];
      if (tensor instanceof HeldTensor) return [name, tensor.at(Array.from({ length: to - from }, (_, i) => from + i))];
      const size = dims.slice(1).reduce((a, b) => a * b, 1);
      return [name, { data: tensor.data.subarray(from * size, to * size), dims: [to - from, ...dims.slice(1)] }];
    }),
  );
