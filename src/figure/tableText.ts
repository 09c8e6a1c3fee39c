import { markdownCell as cell, markdownText } from "../base/text/markdownText.ts";
import { beforeText, escapeLatex } from "../base/text/escapeLatex.ts";

/** A cell: text, a number, or undefined where there is no value. */
export type TableCell = string | number | undefined;
/** A column of a figure's table. */
export interface TableColumn {
  name: string;
  unit?: string;
  /** Formats a number for display; exported files have all its digits. */
  show?: (x: number) => string;
}
/** A figure's numbers as a table; a row has one cell for each column. */
export interface TableData {
  columns: readonly TableColumn[];
  rows: readonly (readonly TableCell[])[];
}
/** Where a figure's numbers come from; of several runs each is all of theirs, with spaces between. */
export interface Provenance {
  run: string;
  commit: string;
  seed: number | string;
}

/** A column's name with its unit, if it has one. */
export const columnName = ({ name, unit }: TableColumn): string => (unit === undefined ? name : `${name} (${unit})`);

/** A cell's text for display: by the column's format, or to four digits. */
export function shown(cell: TableCell, column: TableColumn | undefined): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return cell;
  return column?.show?.(cell) ?? (Number.isInteger(cell) ? String(cell) : cell.toPrecision(4)).replace("-", "−");
}

/** Marks a cell as text where a spreadsheet would execute it as a formula. */
const guarded = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * The table as CSV (RFC 4180) with a header and all digits of numbers. Every row has its run, commit and seed, since
 * rows of several files are often joined into one table.
 */
export function tableToCsv({ columns, rows }: TableData, { run, commit, seed }: Provenance): string {
  const cell = (value: TableCell): string =>
    typeof value === "string" ? quoted(guarded(value)) : (value?.toString() ?? "");
  const lines = [
    [...columns.map(columnName), "run", "commit", "seed"].map((name) => quoted(guarded(name))),
    ...rows.map((row) => [...columns.map((_, i) => cell(row[i])), quoted(run), quoted(commit), String(seed)]),
  ];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** The table in Markdown, under its caption in italics. */
export function tableToMarkdown({ columns, rows }: TableData, caption: string): string {
  const numeric = (i: number): boolean => rows.some((row) => typeof row[i] === "number");
  return [
    `*${markdownText(caption)}*`,
    "",
    `| ${columns.map((column) => cell(columnName(column))).join(" | ")} |`,
    `|${columns.map((_, i) => (numeric(i) ? "---:|" : "---|")).join("")}`,
    ...rows.map((row) => `| ${columns.map((column, i) => cell(shown(row[i], column))).join(" | ")} |`),
    "",
  ].join("\n");
}

const latexCell = (text: string): string => `${beforeText(text)}${escapeLatex(text)}`;

/** The table as a LaTeX float with booktabs rules. */
export function tableToLatex({ columns, rows }: TableData, caption: string): string {
  const numeric = (i: number): boolean => rows.some((row) => typeof row[i] === "number");
  return [
    "\\begin{table}",
    `\\caption{${escapeLatex(caption)}}`,
    `\\begin{tabular}{${columns.map((_, i) => (numeric(i) ? "r" : "l")).join("")}}`,
    "\\toprule",
    `${columns.map((column) => latexCell(columnName(column))).join(" & ")} \\\\`,
    "\\midrule",
    ...rows.map((row) => `${columns.map((column, i) => latexCell(shown(row[i], column))).join(" & ")} \\\\`),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}
