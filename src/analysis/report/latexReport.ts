import { columnName, shown } from "../../figure/tableText.ts";
import type { Block, FigureBlock } from "./blocks.ts";
import { MOST_ROWS } from "./figureBlock.ts";
import { latexText } from "./latexText.ts";

/** What the tables and the figures' files need, all of a plain TeX Live. */
const PREAMBLE = String.raw`\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,float,graphicx,longtable,pgfplots}
\usepackage[margin=2cm]{geometry}
\pgfplotsset{compat=1.16}
\setlength{\LTleft}{0pt}
\renewcommand{\labelitemi}{--}
\newsavebox{\adeptbox}
\newcommand{\fitted}[1]{\sbox{\adeptbox}{#1}\ifdim\wd\adeptbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\adeptbox}}\else\usebox{\adeptbox}\fi}
\begin{document}`;

const line = (cells: readonly string[]): string => `${cells.map(latexText).join(" & ")} \\\\`;

/** A table that fits the page: one that is long goes on over pages, one that is wide is made smaller. */
function latexTable({ caption, header, rows }: Omit<Extract<Block, { kind: "table" }>, "kind">): string {
  const body = ["\\toprule", line(header), "\\midrule"];
  if (rows.length > MOST_ROWS) {
    const share = (0.92 / header.length).toFixed(3);
    return [
      `{\\footnotesize\\begin{longtable}{${header.map(() => `p{${share}\\linewidth}`).join("")}}`,
      `\\caption{${latexText(caption)}} \\\\`,
      ...body,
      "\\endhead",
      ...rows.map(line),
      "\\bottomrule",
      "\\end{longtable}}",
    ].join("\n");
  }
  return [
    "\\begin{table}[H]",
    ...(caption === "" ? [] : [`\\caption{${latexText(caption)}}`]),
    `\\fitted{\\begin{tabular}{l${"r".repeat(header.length - 1)}}`,
    ...body,
    ...rows.map(line),
    "\\bottomrule",
    "\\end{tabular}}",
    "\\end{table}",
  ].join("\n");
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
