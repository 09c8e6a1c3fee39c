import type { Batch } from "../backbone/batch.ts";
import { targetTokens, textLength } from "../backbone/batchRows.ts";

/**
 * The embedded input of a causal model (rows, columns, width): each row's given text (rows, sourceLength, width), and
 * behind it as many rows of the table as fit, at the target's tokens. Padding is 0.
 */
export function joinEmbeddings(
  batch: Batch,
  given: Float32Array,
  { columns, table, width }: { columns: number; table: Float32Array; width: number },
): Float32Array {
  const { rows, sourceLength, targetLength } = batch;
  const tokens = batch.targetIds ?? batch.labels;
  const joined = new Float32Array(rows * columns * width);
  for (let row = 0; row < rows; row++) {
    const text = textLength(batch, row);
    const from = row * sourceLength * width;
    joined.set(given.subarray(from, from + text * width), row * columns * width);
    const behind = Math.min(columns - text, targetTokens(batch, row) - 1);
    for (let i = 0; i < behind; i++) {
      const id = Math.max(0, tokens[row * targetLength + i]!);
      joined.set(table.subarray(id * width, (id + 1) * width), (row * columns + text + i) * width);
    }
  }
  return joined;
}
