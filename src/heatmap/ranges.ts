import { binOf, type Scale } from "./bins.ts";
import { placeOf, type PlacedText } from "./placedText.ts";
import type { TextRecord } from "./records.ts";

/** Tokens of one text: `spans` holds first and last unit (exclusive) of each in the text, `values` what is shown of it, null where the model has none. */
export interface TokenRow { ids: readonly number[]; spans: readonly number[]; values: readonly (number | null)[] }

/** A token where it stands in the document; `place` counts the text's tokens from 0. */
export interface Spot { line: number; from: number; to: number; value: number | null; id: number; place: number }

/** What a colour covers. */
export interface ColouredRange { line: number; from: number; to: number; bin: number }
export type Detail = "tokens" | "words" | "lines";
export interface Painted { ranges: ColouredRange[]; detail: Detail; /** columns of a line that are coloured, where not all of them are */ columns: number | undefined }

/** Where a record's unit stands: its line and column. */
function lineStarts({ text, lines }: TextRecord): number[] {
  const starts = [0];
  for (let at = lines > 1 ? text.indexOf("\n") : -1; at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The tokens of a record's texts as they stand in the document, in its order; those of a template's own words stand nowhere. */
export function spotsOf(record: TextRecord, texts: readonly PlacedText[], rows: readonly TokenRow[]): Spot[] {
  const starts = lineStarts(record), spots: Spot[] = [];
  texts.forEach((text, t) => {
    const { ids, spans, values } = rows[t]!;
    ids.forEach((id, place) => {
      const found = placeOf(text, spans[2 * place]!, spans[2 * place + 1]!);
      if (found === undefined) return;
      // A token may begin with the end of a line: it stands where its text is.
      while (found[0] < found[1] && record.text[found[0]] === "\n") found[0]++;
      let line = 0;
      while (line + 1 < starts.length && starts[line + 1]! <= found[0]) line++;
      const end = line + 1 < starts.length ? Math.min(found[1], starts[line + 1]! - 1) : found[1];
      if (end > found[0]) spots.push({ line: record.line + line, from: found[0] - starts[line]!, to: end - starts[line]!, value: values[place] ?? null, id, place });
    });
  });
  return spots.sort((a, b) => a.line - b.line || a.from - b.from || a.to - b.to);
}

/** Means over the tokens of a word or of a line. Tokens without a value count for nothing. @param textOf a line's text, whose spaces part its words */
function gathered(spots: readonly Spot[], detail: Detail, textOf: (line: number) => string): Pick<Spot, "line" | "from" | "to" | "value">[] {
  if (detail === "tokens") return [...spots];
  const groups: { line: number; from: number; to: number; sum: number; count: number }[] = [];
  for (const { line, from, to, value } of spots) {
    const last = groups.at(-1), same = last?.line === line && (detail === "lines" || (last.to >= from && !/\s/.test(textOf(line).slice(from - 1, from + 1)))), group = same ? last : { line, from, to, sum: 0, count: 0 };
    if (!same) groups.push(group);
    group.to = Math.max(group.to, to);
    if (value !== null) { group.sum += value; group.count++; }
  }
  return groups.map(({ line, from, to, sum, count }) => ({ line, from, to, value: count === 0 ? null : sum / count }));
}

/** Neighbours of one colour that touch are one range; bare ones are none. */
export function colouredRanges(spots: readonly Pick<Spot, "line" | "from" | "to" | "value">[], scale: Scale): ColouredRange[] {
  const ranges: ColouredRange[] = [];
  for (const { line, from, to, value } of spots) {
    const bin = binOf(value, scale), last = ranges.at(-1);
    if (bin === 0) continue;
    // Several tokens can stand for one character: the first has it.
    const start = last?.line === line ? Math.max(from, last.to) : from;
    if (start >= to) continue;
    if (last?.line === line && last.bin === bin && last.to === start) last.to = to;
    else ranges.push({ line, from: start, to, bin });
  }
  return ranges;
}

const COLUMNS = [2000, 1000, 400, 200];

/**
 * The colours of what is seen, at most `most` ranges: token by token, then of each line's first columns (and those about the cursor) alone,
 * then word by word, then line by line.
 */
export function paint(spots: readonly Spot[], scale: Scale, { most, cursor, textOf }: { most: number; cursor: { line: number; column: number } | undefined; textOf: (line: number) => string }): Painted {
  const all = colouredRanges(spots, scale);
  if (all.length <= most) return { ranges: all, detail: "tokens", columns: undefined };
  for (const detail of ["tokens", "words", "lines"] as const) {
    for (const columns of COLUMNS) {
      const near = ({ line, from, to }: Spot): boolean => to <= columns || (cursor?.line === line && Math.abs(from - cursor.column) <= columns);
      const ranges = colouredRanges(gathered(spots.filter(near), detail, textOf), scale);
      if (ranges.length <= most) return { ranges, detail, columns };
    }
  }
  return { ranges: all.slice(0, most), detail: "lines", columns: COLUMNS.at(-1) };
}
