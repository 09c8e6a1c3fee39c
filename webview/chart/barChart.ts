import { BarController, BarElement, CategoryScale, Chart } from "chart.js";
import { ChartBox, picture } from "./chartBox.ts";
import { axisStyle, axisTitle, fontOf } from "./chartStyle.ts";
import type { BarsPlot } from "../../src/figure/figureSpec.ts";
import type { Theme } from "../theme.ts";

Chart.register(BarController, BarElement, CategoryScale);

/** A histogram, or bars by name; bars of several series are side by side. */
export class BarChart {
  private readonly box = new ChartBox();
  private readonly chart: Chart<"bar", number[]>;

  constructor(
    private readonly plot: BarsPlot,
    private theme: Theme,
  ) {
    this.chart = new Chart<"bar", number[]>(this.box.canvas, {
      type: "bar",
      data: { labels: [...plot.labels], datasets: [] },
      options: { animation: false, maintainAspectRatio: false, responsive: true },
    });
    this.paint(theme);
  }

  get element(): HTMLElement {
    return this.box.element;
  }
  describe(label: string): void {
    this.box.describe(label);
  }
  picture(): HTMLCanvasElement {
    return picture(this.chart, this.theme.background);
  }
  destroy(): void {
    this.chart.destroy();
  }

  paint(theme: Theme): void {
    this.theme = theme;
    const axis = axisStyle(theme);
    this.chart.options.scales = {
      x: {
        type: "category",
        ...axis,
        ticks: { ...axis.ticks, maxTicksLimit: 20 },
        title: axisTitle(theme, this.plot.x),
      },
      y: { type: "linear", ...axis, beginAtZero: true, title: axisTitle(theme, this.plot.y) },
    };
    this.chart.options.plugins = {
      legend: {
        display: this.plot.series.length > 1,
        labels: { color: theme.foreground, font: fontOf(theme), boxHeight: 7, boxWidth: 12 },
      },
    };
    // Filled or outlined, so that two series differ even without colours.
    this.chart.data.datasets = this.plot.series.map(({ name, values }, index) => {
      const colour = theme.series[index % theme.series.length] ?? theme.foreground;
      return {
        label: name,
        data: [...values],
        borderColor: colour,
        backgroundColor: index % 2 === 0 ? colour : "transparent",
        borderWidth: 1.5,
      };
    });
    this.chart.update("none");
  }
}
