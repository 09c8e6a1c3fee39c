import { cellsOf, type Cell, type TableForm } from "../experiment/tableForm.ts";
import type { Spelled } from "./placedText.ts";

/** One cell's text with the place of each of its units: a doubled quote is one unit. */
function spelledCell(record: string, { from, to, quoted }: Cell): Spelled {
  const raw = record.slice(from, to);
  if (!quoted || !raw.includes('"')) return { text: raw, at: from };
  const text = raw.replaceAll('""', '"');
  const places = new Int32Array(text.length + 1);
  // Behind a doubled quote one further.
  for (let i = 0, at = from; i <= text.length; i++, at++) {
    places[i] = at;
    if (text[i] === '"') at++;
  }
  places[text.length] = to;
  return { text, at: places };
}

/** The cells of one record, cut as a task cuts them. */
export const tableCells = (record: string, form: TableForm): Spelled[] =>
  cellsOf(record, form).map((cell) => spelledCell(record, cell));
