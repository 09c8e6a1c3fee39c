import { cellsOf, type Cell, type TableForm } from "../experiment/tableForm.ts";
import type { Spelled } from "./placedText.ts";

/** One cell's text with the place of each of its units: a doubled quote is one unit. */
function spelledCell(record: string, { from, to, quoted }: Cell): Spelled {
  const raw = record.slice(from, to);
  if (!quoted || !raw.includes('"')) return { text: raw, at: from };
  const places: number[] = [];
  let text = "";
  for (let i = from; i < to; i++) {
    places.push(i);
    text += record[i]!;
    if (record[i] === '"') i++;
  }
  return { text, at: Int32Array.from([...places, to]) };
}

/** The cells of one record, cut as a task cuts them. */
export const tableCells = (record: string, form: TableForm): Spelled[] => cellsOf(record, form).map((cell) => spelledCell(record, cell));
