import type { Spelled } from "./placedText.ts";

/** One quoted cell: a doubled quote is one unit. @param from the first unit after the opening quote @returns the cell, and where the text after its closing quote begins */
function quoted(record: string, from: number): { cell: Spelled; next: number } {
  const parts: string[] = [], doubled: number[] = [];
  let at = from, end = record.indexOf('"', at);
  for (; end >= 0 && record[end + 1] === '"'; end = record.indexOf('"', at)) {
    parts.push(record.slice(at, end + 1));
    doubled.push(end);
    at = end + 2;
  }
  if (end < 0) end = record.length;
  const text = parts.join("") + record.slice(at, end);
  return { cell: { text, at: doubled.length === 0 ? from : placesOf(from, text.length, doubled) }, next: end + 1 };
}

/** Where each unit of a quoted cell stands: behind each doubled quote one further. */
function placesOf(from: number, units: number, doubled: readonly number[]): Int32Array {
  const places = new Int32Array(units + 1);
  for (let i = 0, at = from, next = 0; i <= units; i++, at++) {
    places[i] = at;
    if (at === doubled[next]) { at++; next++; }
  }
  return places;
}

/** The cells of one record, quoted as RFC 4180; `quotes` false: a quote is a character like the rest, as in GLUE's TSV. */
export function tableCells(record: string, delimiter: string, quotes: boolean): Spelled[] {
  const cells: Spelled[] = [];
  for (let at = 0; at <= record.length;) {
    if (quotes && record[at] === '"') {
      const { cell, next } = quoted(record, at + 1), end = record.indexOf(delimiter, next);
      cells.push(cell);
      at = end < 0 ? record.length + 1 : end + 1;
      continue;
    }
    const end = record.indexOf(delimiter, at), to = end < 0 ? record.length : end;
    cells.push({ text: record.slice(at, to), at });
    at = to + 1;
  }
  return cells;
}

/** Whether a line leaves a quoted cell open for the next line. @param open whether the line begins inside one */
export function leavesQuoteOpen(line: string, open: boolean): boolean {
  let quotes = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1 ? !open : open;
}
