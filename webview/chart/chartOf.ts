import type { BarsPlot, IntervalsPlot, LinesPlot } from "../../src/figure/figureSpec.ts";
import type { Drawing } from "../figure.ts";
import type { Theme } from "../theme.ts";
import { BarChart } from "./barChart.ts";
import { IntervalChart } from "./intervalChart.ts";
import { LineChart } from "./lineChart.ts";

/** The chart that draws a plot. Heatmaps have a drawing of their own, over which the pointer moves. */
export function chartOf(
  plot: LinesPlot | IntervalsPlot | BarsPlot,
  theme: Theme,
): Drawing & { describe: (label: string) => void } {
  switch (plot.kind) {
    case "lines":
      return new LineChart(plot, "normal", theme);
    case "intervals":
      return new IntervalChart(plot, theme);
    case "bars":
      return new BarChart(plot, theme);
  }
}
