import { CategoryScale, Chart, type ChartDataset } from "chart.js";
import { ChartBox, picture } from "./chartBox.ts";
import { axisStyle, axisTitle, fontOf, seriesStyle } from "./chartStyle.ts";
import type { Theme } from "../theme.ts";
import type { IntervalsPlot } from "../../src/figure/figureSpec.ts";
import { reach, whiskers } from "./whiskers.ts";

Chart.register(CategoryScale);

interface Mark {
  x: number;
  y: string;
  low?: number | undefined;
  high?: number | undefined;
}

const ROW = 26;
const FRAME = 90;
const LONGEST = 44;
const clipped = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** Values with their intervals, one per row, with a line at zero. */
export class IntervalChart {
  private readonly box = new ChartBox();
  private readonly chart: Chart<"line", Mark[]>;

  constructor(
    private readonly plot: IntervalsPlot,
    private theme: Theme,
  ) {
    const labels = [...new Set(plot.groups.flatMap(({ rows }) => rows.map(({ label }) => label)))];
    this.box.element.style.height = `${FRAME + labels.length * ROW}px`;
    this.chart = new Chart<"line", Mark[]>(this.box.canvas, {
      type: "line",
      data: { labels, datasets: [] },
      plugins: [whiskers("x")],
      options: {
        animation: false,
        indexAxis: "y",
        parsing: false,
        maintainAspectRatio: false,
        responsive: true,
        interaction: { mode: "nearest", axis: "y", intersect: false },
      },
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
    return picture(this.chart as unknown as Chart, this.theme.background);
  }
  destroy(): void {
    this.chart.destroy();
  }

  paint(theme: Theme): void {
    this.theme = theme;
    const axis = axisStyle(theme);
    this.chart.options.scales = {
      x: {
        type: "linear",
        ...axis,
        ...reach(
          this.plot.groups.flatMap(({ rows }) =>
            rows.flatMap(({ value, low, high, dots = [] }) => [
              { at: value, low, high },
              ...dots.map((at) => ({ at })),
            ]),
          ),
          this.plot.zero,
        ),
        title: axisTitle(theme, this.plot.x),
        grid: {
          color: ({ tick }: { tick: { value: number } }) => (tick.value === 0 ? theme.foreground : theme.grid),
          lineWidth: ({ tick }: { tick: { value: number } }) => (tick.value === 0 ? 1 : 0.5),
        },
      },
      y: {
        type: "category",
        ...axis,
        ticks: {
          ...axis.ticks,
          autoSkip: false,
          maxTicksLimit: 1000,
          callback(value) {
            return clipped(this.getLabelForValue(Number(value)));
          },
        },
        offset: true,
        grid: { display: false },
      },
    };
    this.chart.options.plugins = {
      legend: {
        display: this.plot.groups.length > 1,
        labels: { color: theme.foreground, font: fontOf(theme), usePointStyle: true, boxHeight: 7 },
      },
    };
    this.chart.data.datasets = this.plot.groups.flatMap((group, index) => this.datasets(group, index));
    this.chart.update("none");
  }

  private datasets({ name, rows }: IntervalsPlot["groups"][number], style: number): ChartDataset<"line", Mark[]>[] {
    const look = { ...seriesStyle(this.theme, style), borderDash: [], showLine: false };
    const dots = rows.flatMap(({ label, dots: values = [] }) => values.map((x) => ({ x, y: label })));
    const main: ChartDataset<"line", Mark[]> = {
      label: name,
      data: rows.map(({ label, value, low, high }) => ({ x: value, y: label, low, high })),
      ...look,
      pointRadius: style === 0 ? 5 : 3.5,
    };
    if (dots.length === 0) return [main];
    return [main, { label: `${name} ·`, data: dots, ...look, pointRadius: 2.5, pointStyle: "circle" }];
  }
}
