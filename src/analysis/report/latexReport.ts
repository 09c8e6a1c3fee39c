import { columnName, shown } from "../../figure/tableText.ts";
import type { Block, FigureBlock } from "./blocks.ts";
import { isNumber } from "./cellText.ts";
import { MOST_ROWS } from "./figureBlock.ts";
import { latexText } from "./latexText.ts";
import { tableParts, type TablePart } from "./tableParts.ts";

/** What the tables and the figures' files need, all of a plain TeX Live. */
const PREAMBLE = String.raw`\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,float,graphicx,longtable,pgfplots}
\usepackage[margin=2cm]{geometry}
\pgfplotsset{compat=1.16}
\setlength{\LTleft}{0pt}
\setlength{\LTcapwidth}{\linewidth}
\renewcommand{\labelitemi}{--}
\newsavebox{\adeptbox}
\newcommand{\fitted}[1]{\sbox{\adeptbox}{#1}\ifdim\wd\adeptbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\adeptbox}}\else\usebox{\adeptbox}\fi}
\begin{document}`;

/** The words of a heading below each other, as many beside each other as its column is wide. */
function heading(name: string, width: number, side: "l" | "r"): string {
  const lines: string[] = [];
  for (const word of name.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length === 1) return latexText(name);
  return `\\begin{tabular}[b]{@{}${side}@{}}${lines.map(latexText).join("\\\\")}\\end{tabular}`;
}

/** Centimetres of a character of a table. */
const CHARACTER = 0.15;

/** A part of a table, which goes on over pages: a text that is longer than its column breaks between words. */
function latexPart({ header, rows, widths }: TablePart, caption: string): string {
  const breaks = widths.map((width, i) => rows.some((row) => row[i]!.length > width));
  const isNumeric = (i: number): boolean => i > 0 && !breaks[i] && rows.some((row) => isNumber(row[i]!));
  const sides = widths.map((_, i): "l" | "r" => (isNumeric(i) ? "r" : "l"));
  const columns = widths.map((width, i) => (breaks[i] ? `p{${(width * CHARACTER).toFixed(2)}cm}` : sides[i]!));
  return [
    `\\begin{longtable}{${columns.join("")}}`,
    ...(caption === "" ? [] : [`\\caption{${latexText(caption)}} \\\\`]),
    "\\toprule",
    `${header.map((name, i) => heading(name, widths[i]!, sides[i]!)).join(" & ")} \\\\`,
    "\\midrule",
    "\\endhead",
    ...rows.map((row) => `${row.map(latexText).join(" & ")} \\\\`),
    "\\bottomrule",
    "\\end{longtable}",
  ].join("\n");
}

/** A table that fits the page: one that is long goes on over pages, one that is wide goes on below. */
function latexTable({ caption, header, rows }: Omit<Extract<Block, { kind: "table" }>, "kind">): string {
  const parts = tableParts({ header, rows }).map((part, i) => latexPart(part, i === 0 ? caption : ""));
  return `{\\footnotesize\n${parts.join("\n")}\n}`;
}

/** The picture with its note, and its table, or where that is long the file that it is in. */
function latexFigure({ name, spec, source }: FigureBlock, folder: string): string {
  const { columns, rows } = spec.table();
  const isLong = rows.length > MOST_ROWS;
  const numbers = isLong ? `Numbers: ${name}.csv.` : "";
  const caption = [`${spec.title}.`, spec.note, source, numbers].filter((text) => text !== "").join(" ");
  const table = latexTable({
    caption: spec.plot === undefined ? caption : "",
    header: columns.map(columnName),
    rows: rows.slice(0, MOST_ROWS).map((row) => columns.map((column, i) => shown(row[i], column))),
  });
  if (spec.plot === undefined) return table;
  const picture = [
    "\\begin{figure}[H]",
    "\\centering",
    `\\fitted{\\input{${folder}/${name}.tex}}`,
    `\\caption{${latexText(caption)}}`,
    "\\end{figure}",
  ];
  return [...picture, ...(isLong ? [] : [table])].join("\n");
}

const SECTIONS = ["section*", "section", "subsection"];

/**
 * Writes a report as a LaTeX document that compiles with pdflatex and the packages of a plain TeX Live.
 * @param folder of the figures' files, from where the report is
 */
export function latexReport(blocks: readonly Block[], folder: string): string {
  const parts = blocks.map((block) => {
    switch (block.kind) {
      case "heading":
        return `\\${SECTIONS[block.level - 1]!}{${latexText(block.text)}}`;
      case "text":
        return latexText(block.text);
      case "list":
        return `\\begin{itemize}\n${block.items.map((item) => `\\item ${latexText(item)}`).join("\n")}\n\\end{itemize}`;
      case "table":
        return latexTable(block);
      case "figure":
        return latexFigure(block, folder);
    }
  });
  return `${[PREAMBLE, ...parts, "\\end{document}"].join("\n\n")}\n`;
}
