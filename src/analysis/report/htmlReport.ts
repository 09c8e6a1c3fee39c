import { columnName, shown } from "../../figure/tableText.ts";
import type { Block, FigureBlock } from "./blocks.ts";
import { isNumber } from "./cellText.ts";
import { escapeHtml } from "./escapeHtml.ts";
import { MOST_ROWS } from "./figureBlock.ts";
import type { DrawPlot } from "./figureFiles.ts";
import { STYLE, themed } from "./htmlStyle.ts";
import { tableParts, type TableText } from "./tableParts.ts";

/** Cells of at most this many characters stay on one line. */
const SHORT = 24;

/** The class attribute of a cell: numbers are aligned right, short texts stay on one line. */
function cellClass(text: string, column: number): string {
  if (column > 0 && isNumber(text)) return ' class="n"';
  return text.length <= SHORT ? ' class="s"' : "";
}

/** @param caption text above it; none: "" */
function tableOf({ header, rows }: TableText, caption: string): string {
  const isNumeric = header.map((_, i) => rows.some((row) => i > 0 && isNumber(row[i] ?? "")));
  const heads = header.map((name, i) => `<th${isNumeric[i] ? ' class="n"' : ""}>${escapeHtml(name)}</th>`).join("");
  const lines = rows.map(
    (row) => `<tr>${row.map((text, i) => `<td${cellClass(text, i)}>${escapeHtml(text)}</td>`).join("")}</tr>`,
  );
  const title = caption === "" ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return `<table>${title}<thead><tr>${heads}</tr></thead><tbody>${lines.join("")}</tbody></table>`;
}

/** A wide table scrolls on a screen; on paper its columns go on below. */
function htmlTable({ caption, header, rows }: Omit<Extract<Block, { kind: "table" }>, "kind">): string {
  const parts = tableParts({ header, rows });
  const whole = tableOf({ header, rows }, caption);
  if (parts.length === 1) return `<div class="wide" tabindex="0">${whole}</div>`;
  const cut = parts.map((part, i) => tableOf(part, i === 0 ? caption : "")).join("");
  return `<div class="wide screen" tabindex="0">${whole}</div><div class="paper">${cut}</div>`;
}

/** A figure with its note, the runs behind it, and its table, which is folded where it is long. */
function htmlFigure({ name, spec, source }: FigureBlock, draw: DrawPlot): string {
  const { columns, rows } = spec.table();
  const table = htmlTable({
    caption: "",
    header: columns.map(columnName),
    rows: rows.map((row) => columns.map((column, i) => shown(row[i], column))),
  });
  const folded = `<details><summary>Table of ${rows.length} rows</summary>${table}</details>`;
  const picture = spec.plot === undefined ? "" : themed(draw(spec.plot, name), spec.description);
  const note = [spec.note, source].filter((text) => text !== "").join(" ");
  return `<figure id="${escapeHtml(name)}"><figcaption>${escapeHtml(spec.title)}</figcaption>${picture}<p class="note">${escapeHtml(note)}</p>${rows.length > MOST_ROWS ? folded : table}</figure>`;
}

/**
 * Writes a report as one self-contained HTML page for light and dark screens and for paper: no script, no network.
 * @param draw draws a plot as SVG in the colours of the light theme
 */
export function htmlReport(blocks: readonly Block[], title: string, draw: DrawPlot): string {
  const body = blocks.map((block) => {
    switch (block.kind) {
      case "heading":
        return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
      case "text":
        return `<p>${escapeHtml(block.text)}</p>`;
      case "list":
        return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
      case "table":
        return htmlTable(block);
      case "figure":
        return htmlFigure(block, draw);
    }
  });
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>\n${body.join("\n")}\n</body></html>\n`;
}
