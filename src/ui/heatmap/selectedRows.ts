import type { Selection } from "vscode";
import type { DocumentRow } from "../../heatmap/rowTexts.ts";
import type { DocumentRows } from "./documentRows.ts";

/** Whether a selection reaches over all of a record's text; spaces at its ends are none of it. */
function covers({ start, end }: Pick<Selection, "start" | "end">, { line, lines, text }: DocumentRow): boolean {
  const last = line + lines - 1;
  const [first, rest] = [text.search(/\S/), text.trimEnd()];
  const ends = rest.length - (rest.lastIndexOf("\n") + 1);
  return (
    (start.line < line || (start.line === line && start.character <= first)) &&
    (end.line > last || (end.line === last && end.character >= ends))
  );
}

/**
 * The rows of data that a selection means: all that it touches, or the one that it holds whole; undefined where it is a
 * part of one row, or of no data. A selection that ends where a line begins, as a click beside the text makes it, has
 * nothing of that line.
 */
export function selectedRows(
  records: DocumentRows,
  { start, end }: Pick<Selection, "start" | "end">,
): DocumentRow[] | undefined {
  if (records.kind !== "jsonl" && records.kind !== "csv" && records.kind !== "tsv") return undefined;
  const rows = records
    .rowsIn(start.line, end.character === 0 && end.line > start.line ? end.line - 1 : end.line)
    .filter(({ text }) => text.trim() !== "");
  const [only] = rows;
  return only === undefined || (rows.length === 1 && !covers({ start, end }, only)) ? undefined : rows;
}
