import type { Selection } from "vscode";
import { isDataKind } from "../../heatmap/documentKind.ts";
import type { DocumentRow } from "../../heatmap/rowTexts.ts";
import type { DocumentRows } from "./documentRows.ts";

/** Whether a selection covers a whole row, apart from spaces at its ends. */
function covers({ start, end }: Pick<Selection, "start" | "end">, { line, lines, text }: DocumentRow): boolean {
  const last = line + lines - 1;
  const firstColumn = text.search(/\S/);
  const trimmed = text.trimEnd();
  const endColumn = trimmed.length - (trimmed.lastIndexOf("\n") + 1);
  return (
    (start.line < line || (start.line === line && start.character <= firstColumn)) &&
    (end.line > last || (end.line === last && end.character >= endColumn))
  );
}

/**
 * Returns the rows of data that a selection means: all rows that it touches if there are several, or the one row that
 * it covers. Returns undefined if it is a part of one row, or the document holds no data. A selection that ends at the
 * start of a line, as a click in the margin makes it, does not touch that line.
 */
export function selectedRows(
  rows: DocumentRows,
  { start, end }: Pick<Selection, "start" | "end">,
): DocumentRow[] | undefined {
  if (!isDataKind(rows.kind)) return undefined;
  const touched = rows
    .rowsIn(start.line, end.character === 0 && end.line > start.line ? end.line - 1 : end.line)
    .filter(({ text }) => text.trim() !== "");
  const [only] = touched;
  return only === undefined || (touched.length === 1 && !covers({ start, end }, only)) ? undefined : touched;
}
