export type TableCell = string | number | undefined;
export interface TableColumn {
  name: string;
  unit?: string;
  /** Writes a number for reading; exported files have the full number. */
  show?: (x: number) => string;
}
export interface TableData {
  columns: readonly TableColumn[];
  rows: readonly (readonly TableCell[])[];
}
/** Where a figure's numbers come from. */
export interface Provenance {
  run: string;
  commit: string;
  seed: number;
}

export const columnName = ({ name, unit }: TableColumn): string => (unit === undefined ? name : `${name} (${unit})`);

export function shown(cell: TableCell, column: TableColumn | undefined): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return cell;
  return column?.show?.(cell) ?? (Number.isInteger(cell) ? String(cell) : cell.toPrecision(4)).replace("-", "−");
}

/** Marks as text what a spreadsheet would take for a formula. */
const guarded = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * RFC 4180 with a header; numbers in full; every row says its run, commit and seed, as rows of several files end up in
 * one table.
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

export function tableToMarkdown({ columns, rows }: TableData, caption: string): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const numeric = (i: number): boolean => rows.some((row) => typeof row[i] === "number");
  return [
    `*${caption}*`,
    "",
    `| ${columns.map((column) => cell(columnName(column))).join(" | ")} |`,
    `|${columns.map((_, i) => (numeric(i) ? "---:|" : "---|")).join("")}`,
    ...rows.map((row) => `| ${columns.map((column, i) => cell(shown(row[i], column))).join(" | ")} |`),
    "",
  ].join("\n");
}

const LATEX: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "%": "\\%",
  "#": "\\#",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "−": "$-$",
  "±": "$\\pm$",
  "×": "$\\times$",
  "≥": "$\\geq$",
  "≤": "$\\leq$",
  "·": "$\\cdot$",
};
const latex = (text: string): string => text.replace(/[\\{}$&%#_^~−±×≥≤·]/g, (sign) => LATEX[sign] ?? sign);

/** A table float with booktabs rules. */
export function tableToLatex({ columns, rows }: TableData, caption: string): string {
  const numeric = (i: number): boolean => rows.some((row) => typeof row[i] === "number");
  return [
    "\\begin{table}",
    `\\caption{${latex(caption)}}`,
    `\\begin{tabular}{${columns.map((_, i) => (numeric(i) ? "r" : "l")).join("")}}`,
    "\\toprule",
    `${columns.map((column) => latex(columnName(column))).join(" & ")} \\\\`,
    "\\midrule",
    ...rows.map((row) => `${columns.map((column, i) => latex(shown(row[i], column))).join(" & ")} \\\\`),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}
