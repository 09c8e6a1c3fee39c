import type { Batch } from "../backbone/batch.ts";
import { embeddedColumns, textLength } from "../backbone/batchRows.ts";
import { tensor } from "../backbone/feeds.ts";
import type { HostTensor } from "../engine/program.ts";

/** Of the rows that a causal model reads as text and target: 1 for each token of the text, 0 behind it (rows, N, 1). */
export function textMask(batch: Batch): HostTensor {
  const columns = embeddedColumns(batch, true);
  const mask = new Float32Array(batch.rows * columns);
  for (let row = 0; row < batch.rows; row++) mask.fill(1, row * columns, row * columns + textLength(batch, row));
  return tensor(mask, batch.rows, columns, 1);
}
