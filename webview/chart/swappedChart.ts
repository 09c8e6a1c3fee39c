import type { BarsPlot, IntervalsPlot, LinesPlot } from "../../src/figure/figureSpec.ts";
import { el } from "../dom.ts";
import type { Drawing } from "../figure.ts";
import type { Theme } from "../theme.ts";
import { chartOf } from "./chartOf.ts";
import { LineChart } from "./lineChart.ts";

type ChartPlot = LinesPlot | IntervalsPlot | BarsPlot;

/** A picture whose plot can become another of any kind. */
export class SwappedChart implements Drawing {
  readonly element = el("div");
  private chart: ReturnType<typeof chartOf>;

  constructor(
    plot: ChartPlot,
    private readonly theme: () => Theme,
  ) {
    this.chart = chartOf(plot, theme());
    this.element.append(this.chart.element);
  }

  show(plot: ChartPlot, description: string): void {
    if (plot.kind === "lines" && this.chart instanceof LineChart) this.chart.show(plot);
    else {
      this.chart.destroy();
      this.chart = chartOf(plot, this.theme());
      this.element.replaceChildren(this.chart.element);
    }
    this.chart.describe(description);
  }

  paint(theme: Theme): void {
    this.chart.paint(theme);
  }
  picture(): HTMLCanvasElement {
    return this.chart.picture();
  }
  destroy(): void {
    this.chart.destroy();
  }
}
