import { markdownCell } from "../base/text/markdownText.ts";
import { oneLine } from "./terminal.ts";

/** Formats a table as lines with aligned columns. @param right names of the columns that are aligned right */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string[] {
  const flat = rows.map((row) => row.map(oneLine));
  const widths = header.map((name, i) => Math.max(name.length, ...flat.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (right.includes(header[i]!) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...flat.map(line)];
}

/** Formats a table as lines of Markdown. @param right names of the columns that are aligned right */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => markdownCell(oneLine(cell))).join(" | ")} |`;
  return [line(header), line(header.map((name) => (right.includes(name) ? "---:" : "---"))), ...rows.map(line)];
}
