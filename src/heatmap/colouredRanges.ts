import { binOf, type ColourScale } from "./colourScale.ts";
import { disjointRanges, type ValueRange } from "./disjointRanges.ts";
import type { PlacedToken } from "./placedTokens.ts";

/** Columns of a line that get the colour of one bin. */
export interface ColouredRange {
  line: number;
  /** First column. */
  from: number;
  /** Column after the last. */
  to: number;
  bin: number;
}

/** What one colour stands for: a token, or the mean of a word or a line if there are too many tokens. */
export type HeatmapDetail = "tokens" | "words" | "lines";

/** The coloured ranges of an editor. */
export interface PaintedRanges {
  ranges: ColouredRange[];
  detail: HeatmapDetail;
  /** Number of columns of each line that are coloured; undefined if all are. */
  columns: number | undefined;
}

/**
 * Yields the mean value of each word or line. Tokens without a value are not counted.
 * @param lineText returns a line's text, whose spaces separate its words
 */
function* meansOf(
  tokens: Iterable<PlacedToken>,
  detail: "words" | "lines",
  lineText: (line: number) => string,
): Generator<ValueRange> {
  let last: { line: number; from: number; to: number; sum: number; count: number } | undefined;
  const mean = ({ line, from, to, sum, count }: NonNullable<typeof last>): ValueRange => ({
    line,
    from,
    to,
    value: count === 0 ? null : sum / count,
  });
  for (const { line, from, to, value } of tokens) {
    const continues =
      last?.line === line &&
      (detail === "lines" || (last.to >= from && !/\s/.test(lineText(line).slice(from - 1, from + 1))));
    if (last !== undefined && !continues) yield mean(last);
    if (last === undefined || !continues) last = { line, from, to, sum: 0, count: 0 };
    last.to = Math.max(last.to, to);
    if (value !== null) {
      last.sum += value;
      last.count++;
    }
  }
  if (last !== undefined) yield mean(last);
}

/**
 * Returns the coloured ranges of tokens. Adjacent tokens of one bin become one range; tokens of bin 0 get none; a
 * character of several tokens gets the colour of the strongest. Stops
 * after `mostRanges` + 1 ranges, so that a caller can tell that there are too many.
 */
export function colouredRanges(
  tokens: Iterable<ValueRange>,
  scale: ColourScale,
  mostRanges = Infinity,
): ColouredRange[] {
  const ranges: ColouredRange[] = [];
  for (const { line, from, to, value } of disjointRanges(tokens)) {
    const bin = binOf(value, scale);
    const last = ranges.at(-1);
    if (bin === 0) continue;
    if (last?.line === line && last.bin === bin && last.to === from) last.to = to;
    else if (ranges.push({ line, from, to, bin }) > mostRanges) break;
  }
  return ranges;
}

/** Numbers of columns that are tried in turn if all columns have too many ranges. */
const COLUMNS = [2000, 1000, 400, 200];

/** How much may be painted, and where. */
export interface PaintLimits {
  mostRanges: number;
  /** Columns near the cursor are painted like the first columns of a line. */
  cursor: { line: number; column: number } | undefined;
  /** Returns the text of a line. */
  textOf: (line: number) => string;
  /** Returns the first visible column of a line; default 0. */
  startOf?: (line: number) => number;
}

/**
 * Returns at most `mostRanges` coloured ranges, in as much detail as possible: all tokens; else the tokens in each
 * line's first columns and near the cursor; else the means of words; else the means of lines.
 * @param tokens in document order; iterated several times, and no further than needed
 */
export function rangesToPaint(
  tokens: Iterable<PlacedToken>,
  scale: ColourScale,
  { mostRanges, cursor, textOf, startOf = () => 0 }: PaintLimits,
): PaintedRanges {
  const all = colouredRanges(tokens, scale, mostRanges);
  if (all.length <= mostRanges) return { ranges: all, detail: "tokens", columns: undefined };
  // Each number of columns is filtered from the tokens of the number before it.
  const near: PlacedToken[][] = [];
  for (const columns of COLUMNS)
    near.push(
      [...(near.at(-1) ?? tokens)].filter(
        ({ line, from, to }) =>
          to - startOf(line) <= columns || (cursor?.line === line && Math.abs(from - cursor.column) <= columns),
      ),
    );
  for (const detail of ["tokens", "words", "lines"] as const) {
    for (const [i, columns] of COLUMNS.entries()) {
      const values = detail === "tokens" ? near[i]! : meansOf(near[i]!, detail, textOf);
      const ranges = colouredRanges(values, scale, mostRanges);
      if (ranges.length <= mostRanges) return { ranges, detail, columns };
    }
  }
  return { ranges: all.slice(0, mostRanges), detail: "lines", columns: COLUMNS.at(-1) };
}
