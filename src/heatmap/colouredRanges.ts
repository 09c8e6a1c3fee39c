import { binOf, type ColourScale } from "./colourScale.ts";
import { placeOf, type PlacedText } from "./placedText.ts";
import type { DocumentRow } from "./rowTexts.ts";

/**
 * Tokens of one text: `spans` holds first and last unit (exclusive) of each in the text, `values` what is shown of it,
 * null where it has none.
 */
export interface TokenValues {
  ids: readonly number[];
  spans: readonly number[];
  values: readonly (number | null)[];
}

/**
 * Tokens of a part of a text. `from`: the unit that the part begins at, `place`: of its first token, null where that is
 * not known; `most`: places that the model reads.
 */
export interface ChunkTokens extends TokenValues {
  from?: number;
  place?: number | null;
  most?: number;
}

/**
 * A token where it stands in the document; `place` counts the text's tokens from 0, where that is known; `beyond`: the
 * model does not read so far.
 */
export interface PlacedToken {
  line: number;
  from: number;
  to: number;
  value: number | null;
  id: number;
  place: number | undefined;
  beyond?: boolean;
}

/** What a colour covers. */
export interface ColouredRange {
  line: number;
  from: number;
  to: number;
  bin: number;
}
export type Detail = "tokens" | "words" | "lines";
export interface Painted {
  ranges: ColouredRange[];
  detail: Detail;
  /** columns of a line that are coloured, where not all of them are */
  columns: number | undefined;
}

/** Where a record's unit stands: its line and column. */
function lineStarts({ text, lines }: DocumentRow): number[] {
  const starts = [0];
  for (let at = lines > 1 ? text.indexOf("\n") : -1; at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/**
 * The tokens of a record's texts as they stand in the document, in its order; those of a template's own words stand
 * nowhere.
 */
export function placeTokens(
  record: DocumentRow,
  texts: readonly PlacedText[],
  rows: readonly ChunkTokens[],
): PlacedToken[] {
  const starts = lineStarts(record);
  const spots: PlacedToken[] = [];
  texts.forEach((text, t) => {
    const { ids, spans, values, from: unit = 0, place: first = 0, most = Infinity } = rows[t]!;
    ids.forEach((id, i) => {
      const found = placeOf(text, unit + spans[2 * i]!, unit + spans[2 * i + 1]!);
      if (found === undefined) return;
      // A token may begin with the end of a line: it stands where its text is.
      while (found[0] < found[1] && record.text[found[0]] === "\n") found[0]++;
      const line = lineAt(starts, found[0]);
      const end = line + 1 < starts.length ? Math.min(found[1], starts[line + 1]! - 1) : found[1];
      const place = first === null ? undefined : first + i;
      const beyond = place !== undefined && place >= most;
      if (end > found[0])
        spots.push({
          line: record.line + line,
          from: found[0] - starts[line]!,
          to: end - starts[line]!,
          value: beyond ? null : (values[i] ?? null),
          id,
          place,
          ...(beyond && { beyond }),
        });
    });
  });
  return spots.sort((a, b) => a.line - b.line || a.from - b.from || a.to - b.to);
}

/** The line that a unit stands in. */
function lineAt(starts: readonly number[], unit: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= unit) low = middle;
    else high = middle - 1;
  }
  return low;
}

type Part = Pick<PlacedToken, "line" | "from" | "to" | "value">;

/**
 * Means over the tokens of a word or of a line. Tokens without a value count for nothing.
 * @param textOf a line's text, whose spaces part its words
 */
function* gathered(
  spots: Iterable<PlacedToken>,
  detail: "words" | "lines",
  textOf: (line: number) => string,
): Generator<Part> {
  let last: { line: number; from: number; to: number; sum: number; count: number } | undefined;
  const mean = ({ line, from, to, sum, count }: NonNullable<typeof last>): Part => ({
    line,
    from,
    to,
    value: count === 0 ? null : sum / count,
  });
  for (const { line, from, to, value } of spots) {
    const goesOn =
      last?.line === line &&
      (detail === "lines" || (last.to >= from && !/\s/.test(textOf(line).slice(from - 1, from + 1))));
    if (last !== undefined && !goesOn) yield mean(last);
    if (last === undefined || !goesOn) last = { line, from, to, sum: 0, count: 0 };
    last.to = Math.max(last.to, to);
    if (value !== null) {
      last.sum += value;
      last.count++;
    }
  }
  if (last !== undefined) yield mean(last);
}

/** Neighbours of one colour that touch are one range; bare ones are none. It ends when there are more than `most`. */
export function colouredRanges(spots: Iterable<Part>, scale: ColourScale, most = Infinity): ColouredRange[] {
  const ranges: ColouredRange[] = [];
  for (const { line, from, to, value } of spots) {
    const bin = binOf(value, scale);
    const last = ranges.at(-1);
    if (bin === 0) continue;
    // Several tokens can stand for one character: the first has it.
    const start = last?.line === line ? Math.max(from, last.to) : from;
    if (start >= to) continue;
    if (last?.line === line && last.bin === bin && last.to === start) last.to = to;
    else if (ranges.push({ line, from: start, to, bin }) > most) break;
  }
  return ranges;
}

const COLUMNS = [2000, 1000, 400, 200];

/**
 * `cursor`: columns about it count as the first; `textOf`: a line's text; `startOf`: the first column of a line that is
 * seen, where that is not its first.
 */
export interface PaintedView {
  most: number;
  cursor: { line: number; column: number } | undefined;
  textOf: (line: number) => string;
  startOf?: (line: number) => number;
}

/**
 * The colours of what is seen, at most `most` ranges: token by token, then of each line's first columns (and those
 * about the cursor) alone, then word by word, then line by line.
 * @param spots in order; gone over several times, no further than is needed
 */
export function paint(
  spots: Iterable<PlacedToken>,
  scale: ColourScale,
  { most, cursor, textOf, startOf = () => 0 }: PaintedView,
): Painted {
  const all = colouredRanges(spots, scale, most);
  if (all.length <= most) return { ranges: all, detail: "tokens", columns: undefined };
  // Fewer columns are a part of more.
  const near: PlacedToken[][] = [];
  for (const columns of COLUMNS)
    near.push(
      [...(near.at(-1) ?? spots)].filter(
        ({ line, from, to }) =>
          to - startOf(line) <= columns || (cursor?.line === line && Math.abs(from - cursor.column) <= columns),
      ),
    );
  for (const detail of ["tokens", "words", "lines"] as const) {
    for (const [i, columns] of COLUMNS.entries()) {
      const ranges = colouredRanges(detail === "tokens" ? near[i]! : gathered(near[i]!, detail, textOf), scale, most);
      if (ranges.length <= most) return { ranges, detail, columns };
    }
  }
  return { ranges: all.slice(0, most), detail: "lines", columns: COLUMNS.at(-1) };
}
