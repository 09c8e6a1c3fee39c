import { escapeLatex } from "../../base/text/escapeLatex.ts";
import type { Block } from "./blocks.ts";

function latexTable({ caption, header, rows }: Extract<Block, { kind: "table" }>): string {
  const line = (cells: readonly string[]): string => `${cells.map(escapeLatex).join(" & ")} \\\\`;
  return [
    "\\begin{table}",
    `\\caption{${escapeLatex(caption)}}`,
    `\\begin{tabular}{l${"r".repeat(header.length - 1)}}`,
    "\\toprule",
    line(header),
    "\\midrule",
    ...rows.map(line),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
  ].join("\n");
}

/** Writes the tables of a report in LaTeX for the booktabs package; other blocks are left out. */
export function latexReport(blocks: readonly Block[]): string {
  const tables = blocks.flatMap((block) => (block.kind === "table" ? [latexTable(block)] : []));
  return `${tables.join("\n\n")}\n`;
}
