import type { Plot } from "../../figure/figureSpec.ts";
import { tableToCsv } from "../../figure/tableText.ts";
import type { Block } from "./blocks.ts";
import { pgfplot } from "./pgfplot.ts";

/** Draws a plot as SVG text. @param id begins the ids inside it */
export type DrawPlot = (plot: Plot, id: string) => string;

/**
 * The files of a report's figures, by their names: the picture as SVG and for LaTeX, and the table as CSV, in which
 * each row says which runs it is from.
 */
export function figureFiles(blocks: readonly Block[], draw: DrawPlot): Map<string, string> {
  const files = new Map<string, string>();
  for (const block of blocks) {
    if (block.kind !== "figure") continue;
    const { name, spec, provenance } = block;
    files.set(`${name}.csv`, tableToCsv((spec.numbers ?? spec.table)(), provenance));
    if (spec.plot === undefined) continue;
    const svg = draw(spec.plot, name).replace(/^(<svg [^>]*>)/, '$1<rect width="100%" height="100%" fill="#ffffff"/>');
    files.set(`${name}.svg`, `<?xml version="1.0" encoding="UTF-8"?>\n${svg}\n`);
    files.set(`${name}.tex`, pgfplot(spec.plot));
  }
  return files;
}
