import type { Block } from "./blocks.ts";
import { escapeHtml } from "./escapeHtml.ts";
import { forestFigure, lineFigure } from "./svgFigures.ts";

/** Cells of at most this many characters stay on one line. */
const SHORT = 24;
const isNumber = (text: string): boolean => /^[<−±+-]?[\d.,]+( ?%)?/.test(text);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{padding:.2rem .7rem;border-bottom:1px solid #ccc;text-align:left}td.n,th.n{text-align:right}td.n,td.s{white-space:nowrap}td:first-child{white-space:nowrap}figure{margin:1rem 0}figcaption{font-weight:600}
.wide{overflow-x:auto}svg{max-width:100%;height:auto}
@media (prefers-color-scheme:dark){body{color:#e6e6e6;background:#1b1b1b}th,td{border-color:#444}}`;

/** The class attribute of a cell: numbers are aligned right, short texts stay on one line. */
function cellClass(text: string, column: number): string {
  if (column > 0 && isNumber(text)) return ' class="n"';
  return text.length <= SHORT ? ' class="s"' : "";
}

function htmlTable({ caption, header, rows }: Extract<Block, { kind: "table" }>): string {
  const heads = header.map((name, i) => `<th${i > 0 ? ' class="n"' : ""}>${escapeHtml(name)}</th>`).join("");
  const lines = rows.map(
    (row) => `<tr>${row.map((text, i) => `<td${cellClass(text, i)}>${escapeHtml(text)}</td>`).join("")}</tr>`,
  );
  return `<div class="wide"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>${lines.join("")}</tbody></table></div>`;
}

/** Writes a report as one self-contained HTML page with styles for light and dark themes. */
export function htmlReport(blocks: readonly Block[], title: string): string {
  const body = blocks.map((block) => {
    switch (block.kind) {
      case "heading":
        return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
      case "text":
        return `<p>${escapeHtml(block.text)}</p>`;
      case "table":
        return htmlTable(block);
      case "forest":
        return forestFigure(block);
      case "lines":
        return lineFigure(block);
    }
  });
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>\n${body.join("\n")}\n</body></html>\n`;
}
