import type { Batch, Continuation } from "../backbone/batch.ts";
import { targetTokens, textLength } from "../backbone/batchRows.ts";
import { tensor, type Feeds } from "../backbone/feeds.ts";
import type { HostTensor } from "../engine/program.ts";

/**
 * The embedded input of a causal model (rows, columns, width): each row's given text (rows, sourceLength, width), and
 * behind it as many of the target's tokens as fit. Padding is 0.
 */
export function joinEmbeddings(
  batch: Batch,
  given: Float32Array,
  { columns, width, continued }: { columns: number; width: number; continued: Continuation },
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
      joined.set(continued({ id, place: text + i }), (row * columns + text + i) * width);
    }
  }
  return joined;
}

/**
 * The embeddings (rows, n, width) of tokens that are read behind a text.
 * @param own the family's feeds of these tokens: `ids` and `places`, (rows, n) each
 */
export function continuedEmbeddings({ ids, places }: Feeds, continued: Continuation, width: number): HostTensor {
  const [rows, count] = ids!.dims as [number, number];
  const embedded = new Float32Array(rows * count * width);
  for (let at = 0; at < rows * count; at++)
    embedded.set(continued({ id: ids!.data[at]!, place: places!.data[at]! }), at * width);
  return tensor(embedded, rows, count, width);
}
