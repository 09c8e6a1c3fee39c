import { cellsOf, type Cell, type TableForm } from "../experiment/tableForm.ts";
import type { SourceText } from "./placedText.ts";

/** Returns a cell's text, in which a doubled quote is one character, and where the row spells it. */
function cellText(row: string, { from, to, quoted }: Cell): SourceText {
  const raw = row.slice(from, to);
  if (!quoted || !raw.includes('"')) return { text: raw, at: from };
  const text = raw.replaceAll('""', '"');
  const indices = new Int32Array(text.length + 1);
  for (let i = 0, at = from; i <= text.length; i++, at++) {
    indices[i] = at;
    // The row spells a quote with two characters.
    if (text[i] === '"') at++;
  }
  indices[text.length] = to;
  return { text, at: indices };
}

/** Splits a table's row into cells as a task does. */
export const tableCells = (row: string, form: TableForm): SourceText[] =>
  cellsOf(row, form).map((cell) => cellText(row, cell));
