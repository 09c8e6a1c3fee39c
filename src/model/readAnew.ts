import type { Batch } from "../backbone/batch.ts";
import { textLength } from "../backbone/batchRows.ts";

/**
 * Some rows of a batch with the tokens found so far behind their texts, and no targets.
 * @param rows indices of the rows, in the order of the result
 * @param found new tokens of each row of the batch
 */
export function batchBehind(batch: Batch, rows: readonly number[], found: readonly (readonly number[])[]): Batch {
  const texts = rows.map((row) => {
    const from = row * batch.sourceLength;
    return [...batch.ids.subarray(from, from + textLength(batch, row)), ...found[row]!];
  });
  const sourceLength = Math.max(...texts.map(({ length }) => length));
  const ids = new Int32Array(rows.length * sourceLength);
  const mask = new Float32Array(rows.length * sourceLength);
  texts.forEach((text, row) => {
    ids.set(text, row * sourceLength);
    mask.fill(1, row * sourceLength, row * sourceLength + text.length);
  });
  const { gap } = batch;
  return {
    rows: rows.length,
    sourceLength,
    targetLength: 1,
    ids,
    mask,
    labels: new Int32Array(rows.length).fill(-100),
    ...(gap !== undefined && { gap }),
  };
}
