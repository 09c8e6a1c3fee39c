import type { Batch } from "./batch.ts";

/** The tokens of a row's text; at least 1. */
export const textLength = ({ mask, sourceLength }: Batch, row: number): number =>
  Math.max(1, mask.subarray(row * sourceLength, (row + 1) * sourceLength).findLastIndex((kept) => kept !== 0) + 1);

/** The tokens of a row's target up to the last one that has a loss; 0 where none has. */
export const targetTokens = ({ labels, targetLength }: Batch, row: number): number =>
  labels.subarray(row * targetLength, (row + 1) * targetLength).findLastIndex((id) => id >= 0) + 1;

/**
 * The tokens of an example that a method embeds: those of its text, in a causal model also those of its target but the
 * last.
 */
export const exampleTokens = (
  { ids, labels }: { ids: ArrayLike<number>; labels: ArrayLike<number> },
  isCausal: boolean,
): number => ids.length + (isCausal ? Math.max(0, labels.length - 1) : 0);

/** The tokens of a row that a causal model reads as one sequence: its text, and its target without the last token. */
export const joinedLength = (batch: Batch, row: number): number =>
  textLength(batch, row) + Math.max(0, targetTokens(batch, row) - 1);

/**
 * The tokens of each row that a method embeds in a training step: those of the longest text, in a causal model of the
 * longest text and target.
 */
export function embeddedColumns(batch: Batch, isCausal: boolean): number {
  if (!isCausal) return batch.sourceLength;
  let longest = 1;
  for (let row = 0; row < batch.rows; row++) longest = Math.max(longest, joinedLength(batch, row));
  return longest;
}
