import type { Batch } from "../backbone/batch.ts";
import { joinedLength, targetTokens, textLength } from "../backbone/batchRows.ts";
import type { StepOptions } from "./model.ts";

/**
 * Tokens of one part of a training batch, prompt included. Larger parts no longer make the matrix products faster,
 * while the values that the backward pass needs no longer fit the cores' caches.
 */
const PART_TOKENS = 768;
/**
 * Tokens of one part on a graphics processor. It is larger there because starting each of its thousand kernels costs
 * more than missing the caches.
 */
export const GPU_PART_TOKENS = 8192;
/**
 * Tokens of one part of PyTorch on the processor, whose operations start and join the threads one by one: of a batch of
 * 32 rows one part takes a tenth less time than four.
 */
export const TORCH_PART_TOKENS = 3072;
/**
 * Tokens of one part of a prediction, which keeps nothing for a backward pass: a whole batch of the longest inputs
 * would take gigabytes for its attention scores.
 */
const SHARE_TOKENS = 6144;

/** Some rows of a batch, padded to the longest among them. */
export interface BatchPart {
  batch: Batch;
  /** Their indices in the whole batch. */
  rows: readonly number[];
}

/** How rows count: tokens before each text, and whether text and target are read as one sequence. */
export interface RowForm {
  prompt: number;
  isCausal: boolean;
}

const rowLengths = (batch: Batch, { prompt, isCausal }: RowForm): number[] =>
  Array.from({ length: batch.rows }, (_, row) => prompt + (isCausal ? joinedLength : textLength)(batch, row));

/** The given rows of a table of `width` values a row, each cut to `length` groups of `size` values. */
function cut<T extends Float32Array | Int32Array>(
  data: T,
  rows: readonly number[],
  { width, length, size = 1 }: { width: number; length: number; size?: number },
): T {
  const part = new (data.constructor as new (n: number) => T)(rows.length * length * size);
  rows.forEach((row, i) => {
    part.set(data.subarray(row * width * size, (row * width + length) * size), i * length * size);
  });
  return part;
}

/** Selects rows of a batch, padded to the longest source and target among them. */
export function rowsOf(batch: Batch, rows: readonly number[]): BatchPart {
  const sourceLength = Math.max(...rows.map((row) => textLength(batch, row)));
  const targetLength = Math.max(1, ...rows.map((row) => targetTokens(batch, row)));
  const source = { width: batch.sourceLength, length: sourceLength };
  const target = { width: batch.targetLength, length: targetLength };
  return {
    rows,
    batch: {
      rows: rows.length,
      sourceLength,
      targetLength,
      ids: cut(batch.ids, rows, source),
      mask: cut(batch.mask, rows, source),
      labels: cut(batch.labels, rows, target),
      ...(batch.targetIds && { targetIds: cut(batch.targetIds, rows, target) }),
      ...(batch.shared && { shared: batch.shared }),
    },
  };
}

/**
 * Sorts rows by length and divides them into at most `count` groups of about as many tokens each; returns their
 * indices.
 */
function groups(lengths: readonly number[], count: number): number[][] {
  const order = lengths.map((_, row) => row).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const total = lengths.reduce((a, b) => a + b, 0);
  const made: number[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const row of order) {
    // The group in which the row's middle token lies.
    made[Math.min(count - 1, Math.floor((count * (before + lengths[row]! / 2)) / total))]!.push(row);
    before += lengths[row]!;
  }
  return made.filter((rows) => rows.length > 0);
}

/**
 * Divides a training batch into parts, each padded to its own longest row. The division depends on the rows' lengths
 * only, so sums over the parts have the same bits on one copy of the model and on several. More than one part is an
 * even number of parts, for two copies.
 * @param partTokens the most tokens of a part, about
 */
export function stepParts(batch: Batch, form: RowForm, partTokens = PART_TOKENS): BatchPart[] {
  return stepRows(rowLengths(batch, form), partTokens).map((rows) => rowsOf(batch, rows));
}

/** The row indices of the parts that `stepParts` makes of rows of these lengths (in tokens, prompt included). */
export function stepRows(lengths: readonly number[], partTokens = PART_TOKENS): number[][] {
  const wanted = Math.ceil(lengths.reduce((a, b) => a + b, 0) / partTokens);
  return groups(lengths, Math.min(lengths.length, wanted > 1 ? 2 * Math.ceil(wanted / 2) : 1));
}

/** Divides a batch for prediction into `count` parts, or into more where a part would be larger than SHARE_TOKENS. */
export function predictionParts(batch: Batch, form: RowForm, count: number): BatchPart[] {
  return predictionRows(rowLengths(batch, form), count).map((rows) => rowsOf(batch, rows));
}

/** The row indices of the parts that `predictionParts` makes of rows of these lengths. */
export function predictionRows(lengths: readonly number[], count: number): number[][] {
  return groups(
    lengths,
    Math.min(lengths.length, Math.max(count, Math.ceil(lengths.reduce((a, b) => a + b, 0) / SHARE_TOKENS))),
  );
}

/**
 * The options of a training step for one part of its batch: the part's rows of the dropout factors, and a seed for the
 * part.
 * @param whole the embedded tokens of a row of the whole batch and of the part, hidden units per token, and the part's
 * index
 */
export function partOptions(
  options: StepOptions,
  { rows }: BatchPart,
  whole: { columns: number; partColumns: number; units: number; part: number },
): StepOptions {
  const { hiddenMask, backboneDropout } = options;
  return {
    ...options,
    hiddenMask:
      hiddenMask && cut(hiddenMask, rows, { width: whole.columns, length: whole.partColumns, size: whole.units }),
    backboneDropout: backboneDropout && {
      ...backboneDropout,
      seed: (backboneDropout.seed + Math.imul(whole.part, 0x9e3779b1)) >>> 0,
    },
  };
}
