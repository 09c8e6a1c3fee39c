import type { BarsPlot, FigureSpec, IntervalsPlot, LinesPlot } from "../../src/figure/figureSpec.ts";
import { chartOf } from "../chart/chartOf.ts";
import { Figure, type FigureContext } from "../figure.ts";

/**
 * A figure of the page from its description: the chart of its plot, or its table where it has none.
 * @param more elements between title and picture, and whether the figure has the full width of the page
 */
export function specFigure(
  { id, title, note, description, plot, table, numbers }: FigureSpec<LinesPlot | IntervalsPlot | BarsPlot>,
  context: FigureContext,
  more: { extra?: readonly HTMLElement[]; wide?: boolean } = {},
): Figure {
  const drawing = plot && chartOf(plot, context.theme());
  drawing?.describe(description);
  return new Figure({ id, title, note, drawing, data: table, numbers, ...more }, context);
}
