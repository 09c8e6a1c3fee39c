import type { Batch } from "../batch.ts";
import { embeddedColumns, targetTokens, textLength } from "../batchRows.ts";

/** Rows as a causal model reads them: each text and its target without the last token, one behind the other. */
export interface JoinedRows {
  /** Tokens of the longest row. */
  columns: number;
  /** (rows, columns), padded on the right with 0 */
  ids: Int32Array;
  /** (rows, columns): 1 for a token, 0 for padding */
  mask: Float32Array;
  /** The tokens of each row's text and target together, the last one included. */
  lengths: number[];
}

/** The tokens of a target; those that have no loss are in `targetIds`. */
const tokenAt = ({ labels, targetIds }: Batch, at: number): number => Math.max(0, (targetIds ?? labels)[at]!);

/** Puts each row's text and target side by side. */
export function joinRows(batch: Batch): JoinedRows {
  const { rows, sourceLength, targetLength } = batch;
  const columns = embeddedColumns(batch, true);
  const ids = new Int32Array(rows * columns);
  const mask = new Float32Array(rows * columns);
  const lengths: number[] = [];
  for (let row = 0; row < rows; row++) {
    const text = textLength(batch, row);
    const target = targetTokens(batch, row);
    const at = row * columns;
    ids.set(batch.ids.subarray(row * sourceLength, row * sourceLength + text), at);
    for (let i = 0; i < target - 1; i++) ids[at + text + i] = tokenAt(batch, row * targetLength + i);
    mask.fill(1, at, at + text + Math.max(0, target - 1));
    lengths.push(text + target);
  }
  return { columns, ids, mask, lengths };
}

/** The target tokens that `resume` reads: those before the last one, (rows, columns), at least one column. */
export function resumedTokens(batch: Batch): { columns: number; ids: Int32Array } {
  const { rows, targetLength } = batch;
  let columns = 1;
  for (let row = 0; row < rows; row++) columns = Math.max(columns, targetTokens(batch, row) - 1);
  const ids = new Int32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < Math.min(columns, targetLength); i++)
      ids[row * columns + i] = tokenAt(batch, row * targetLength + i);
  return { columns, ids };
}

/**
 * The places of all labels that have a loss, row by row, and the labels. There is at least one place: without a label,
 * the first, which then has none.
 * @param placeOf the place of the state that predicts a row's target token
 */
export function labelPlaces(
  { labels, targetLength }: Batch,
  placeOf: (row: number, token: number) => number,
): { places: Int32Array; labels: Int32Array } {
  const places: number[] = [];
  const found: number[] = [];
  labels.forEach((label, at) => {
    if (label < 0) return;
    const row = Math.floor(at / targetLength);
    places.push(placeOf(row, at - row * targetLength));
    found.push(label);
  });
  if (places.length === 0) return { places: Int32Array.of(0), labels: Int32Array.of(-1) };
  return { places: Int32Array.from(places), labels: Int32Array.from(found) };
}

/** Losses of the labels that have one, in the order of `labelPlaces`, as (rows, targetLength), 0 elsewhere. */
export function lossesByTarget(losses: ArrayLike<number>, { labels }: Batch): Float32Array {
  const spread = new Float32Array(labels.length);
  let next = 0;
  labels.forEach((label, at) => {
    if (label >= 0) spread[at] = losses[next++]!;
  });
  return spread;
}
