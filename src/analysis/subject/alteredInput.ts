import { UserError } from "../../base/errors.ts";
import type { InputParts } from "../../adapter/fold.ts";
import type { TokenRows } from "../../backbone/tokenRows.ts";
import type { Batch, Continuation, PositionGap } from "../../backbone/batch.ts";
import { phrase } from "../../base/phrase.ts";

/** An adapter's input side on a backbone: the frozen embedding table, and what the method adds. */
export interface InputSide extends InputParts {
  table: TokenRows;
  width: number;
  /** Whether the backbone reads text and target as one sequence, whose tokens all get offsets (default false). */
  isCausal?: boolean;
  /** Whether tokens behind the text get no offsets (default false). */
  answersAreRaw?: boolean;
}

/** A token in a batch. `place` counts from the text's first token; filler tokens before it have negative places. */
export interface TokenAt {
  /** Undefined for a token that is read behind the text, in any row: of a target, or generated. */
  row: number | undefined;
  place: number;
  id: number;
}

/** What an analysis changes in the input; an empty alteration changes nothing. */
export interface Alteration {
  prompt?: "as trained" | "removed" | "zeroed";
  /** The factor of every offset, both by token and by place. */
  scale?: number;
  /** Returns the offset (d) that replaces the token's own. */
  tokenOffset?: (at: TokenAt) => Float32Array;
  /** Offsets by place (S, d) that replace the method's own. */
  positions?: Float32Array;
  /**
   * How the text is shifted by k = `shift` places: "reindex" only reads DePT's table k rows further on (T1), "attached"
   * puts k masked places before the prompt (T2), "window" puts k masked places between prompt and text (T3), "prefix"
   * puts k tokens of `filler` there (T4). In a causal model k positions are left out where places would be masked.
   */
  layout?: "reindex" | "attached" | "window" | "prefix";
  shift?: number;
  filler?: readonly number[];
}

const rowOf = (values: Float32Array, row: number, width: number): Float32Array =>
  values.subarray(row * width, (row + 1) * width);

/**
 * The unscaled offset of a token: the sum of its offset by token and its offset by place.
 * @param result is filled with the offset and returned, of length d
 * @returns zeros where the method has no offsets
 * @throws UserError for a place beyond the position table
 */
export function offsetAt(
  side: InputSide,
  at: TokenAt,
  { tokenOffset, layout, shift = 0, positions = side.positions }: Alteration = {},
  result: Float32Array = new Float32Array(side.width),
): Float32Array {
  const { width, offsets } = side;
  if (side.answersAreRaw === true && at.row === undefined) return result.fill(0);
  const own = tokenOffset?.(at) ?? offsets?.row(at.id);
  if (own === undefined) result.fill(0);
  else result.set(own);
  if (positions === undefined) return result;
  const place = at.place + (layout === undefined ? 0 : shift);
  if (place * width >= positions.length)
    throw new UserError(
      "text-beyond-position-table",
      phrase`A text reaches place ${place}, beyond the ${positions.length / width} rows of the position table`,
      phrase`Take shorter texts or answers, or smaller shifts.`,
    );
  const byPlace = rowOf(positions, place, width);
  for (let i = 0; i < width; i++) result[i]! += byPlace[i]!;
  return result;
}

/** Writes a token's embedding with its offset to `into` at row `at`. */
function put(
  into: Float32Array,
  at: number,
  { side, token, alteration }: { side: InputSide; token: TokenAt; alteration: Alteration },
): void {
  const { width, table } = side;
  const own = offsetAt(side, token, alteration, into.subarray(at * width, (at + 1) * width));
  const { scale = 1 } = alteration;
  const embedding = table.row(token.id);
  for (let i = 0; i < width; i++) own[i] = embedding[i]! + scale * own[i]!;
}

function promptOf({ prompt, width }: InputSide, { prompt: state = "as trained" }: Alteration): Float32Array {
  if (prompt === undefined || state === "removed") return new Float32Array(0);
  return state === "zeroed"
    ? new Float32Array(prompt.length)
    : prompt.subarray(0, Math.floor(prompt.length / width) * width);
}

/** Positions that a causal model leaves out where an encoder has masked places. */
function gapOf({ layout, shift = 0 }: Alteration, promptLength: number): PositionGap | undefined {
  if (shift === 0) return undefined;
  if (layout === "attached") return { from: 0, count: shift };
  return layout === "window" ? { from: promptLength, count: shift } : undefined;
}

/** How the alteration embeds a token behind the text, whose first token stands at column `before`. */
const continuationOf =
  (side: InputSide, alteration: Alteration, before: number): Continuation =>
  ({ id, place }) => {
    const embedded = new Float32Array(side.width);
    put(embedded, 0, { side, token: { row: undefined, place: place - before, id }, alteration });
    return embedded;
  };

/**
 * Returns the batch with the backbone's input computed on the host: X = [prompt ; E + offsets], changed by the
 * alteration. Masked places are zeros. In a causal model the alteration applies to tokens behind the text too, and
 * positions are left out where an encoder has masked places.
 */
export function alteredBatch(batch: Batch, side: InputSide, alteration: Alteration = {}): Batch {
  const { width, isCausal = false } = side;
  const { layout, shift = 0, filler = [] } = alteration;
  const prompt = promptOf(side, alteration);
  const m = prompt.length / width;
  const lead = layout === "attached" && !isCausal ? shift : 0;
  const gap = layout === "prefix" || (layout === "window" && !isCausal) ? shift : 0;
  const left = gapOf(alteration, m);
  const length = lead + m + gap + batch.sourceLength;
  const embedded = new Float32Array(batch.rows * length * width);
  const mask = new Float32Array(batch.rows * length);
  for (let row = 0; row < batch.rows; row++) {
    const from = row * length + lead;
    embedded.set(prompt, from * width);
    mask.fill(1, from, from + m);
    for (let i = 0; layout === "prefix" && i < shift; i++) {
      put(embedded, from + m + i, { side, token: { row, place: i - shift, id: filler[i]! }, alteration });
      mask[from + m + i] = 1;
    }
    for (let i = 0; i < batch.sourceLength; i++) {
      if (batch.mask[row * batch.sourceLength + i] === 0) continue;
      put(embedded, from + m + gap + i, {
        side,
        token: { row, place: i, id: batch.ids[row * batch.sourceLength + i]! },
        alteration,
      });
      mask[from + m + gap + i] = 1;
    }
  }
  return {
    ...batch,
    sourceLength: length,
    inputEmbeddings: embedded,
    mask,
    ...(isCausal && { continued: continuationOf(side, alteration, m + gap) }),
    ...(isCausal && left && { gap: left }),
  };
}
