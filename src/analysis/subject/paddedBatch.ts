import type { Batch } from "../../backbone/batch.ts";

/** The batch padded on the right to `window` tokens with a token; a longer batch keeps its length. */
export function padded(batch: Batch, window: number, pad = 0): Batch {
  const { rows, sourceLength: from } = batch;
  const sourceLength = Math.max(from, window);
  const ids = new Int32Array(rows * sourceLength);
  const mask = new Float32Array(rows * sourceLength);
  for (let row = 0; row < rows; row++) {
    const own = batch.ids.subarray(row * from, (row + 1) * from);
    for (let i = 0; i < sourceLength; i++)
      ids[row * sourceLength + i] = i < from && batch.mask[row * from + i] !== 0 ? own[i]! : pad;
    mask.set(batch.mask.subarray(row * from, (row + 1) * from), row * sourceLength);
  }
  return { ...batch, sourceLength, ids, mask };
}
