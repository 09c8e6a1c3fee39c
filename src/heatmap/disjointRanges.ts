import type { PlacedToken } from "./placedTokens.ts";

/** Columns of a line with a value. */
export type ValueRange = Pick<PlacedToken, "line" | "from" | "to" | "value">;

/** The value that is farthest from 0; null where there is none. */
const strongest = (ranges: readonly ValueRange[]): number | null =>
  ranges.reduce<number | null>(
    (most, { value }) => (value !== null && (most === null || Math.abs(value) > Math.abs(most)) ? value : most),
    null,
  );

/**
 * Yields ranges that do not overlap, in order. Several tokens can stand for one character, as where a tokenizer splits
 * its bytes: the character then has the strongest of their values.
 * @param tokens sorted by line and first column
 */
export function* disjointRanges(tokens: Iterable<ValueRange>): Generator<ValueRange> {
  /** The tokens that cover column `at` of the line. */
  let open: ValueRange[] = [];
  let line = -1;
  let at = 0;
  function* upTo(column: number): Generator<ValueRange> {
    while (open.length > 0 && at < column) {
      const to = open.reduce((least, each) => Math.min(least, each.to), column);
      if (to > at) yield { line, from: at, to, value: strongest(open) };
      at = Math.max(at, to);
      open = open.filter((each) => each.to > at);
    }
  }
  for (const token of tokens) {
    yield* upTo(token.line === line ? token.from : Infinity);
    if (token.line !== line || open.length === 0) at = token.from;
    line = token.line;
    open.push(token);
  }
  yield* upTo(Infinity);
}
