import type { Cell, Table } from "./runTable.ts";

/** A value as pandas and R both read it; a missing one is empty, an empty text is in quotes. */
function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === "boolean") return cell ? "TRUE" : "FALSE";
  if (typeof cell === "number") return String(cell).replace("Infinity", "Inf");
  return cell === "" || /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A table as CSV of RFC 4180 in UTF-8, with line ends of Unix. */
export function csvText({ rows, columns }: Table): string {
  const lines = [[...columns.keys()].map(cellText).join(",")];
  const cells = [...columns.values()];
  for (let row = 0; row < rows; row += 1) lines.push(cells.map((column) => cellText(column[row])).join(","));
  return `${lines.join("\n")}\n`;
}
