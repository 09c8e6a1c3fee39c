import {
  Chart,
  type ChartDataset,
  Decimation,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from "chart.js";
import { axisStyle, axisTitle, fontOf, seriesStyle } from "./chartStyle.ts";
import { ChartBox, picture } from "./chartBox.ts";
import type { Theme } from "../theme.ts";
import { bands } from "./bands.ts";
import { reach, whiskers } from "./whiskers.ts";
import { DODGE, type LineSeries, type LinesPlot, type Point } from "../../src/figure/figureSpec.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Legend, Tooltip, Decimation);

const brief = (value: number): string =>
  value >= 0.001 && value < 1e6 ? String(Number(value.toPrecision(3))) : value.toExponential(0);
const nearest = (values: readonly number[], wanted: number): number =>
  values.reduce(
    (best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best),
    values[0] ?? wanted,
  );

/** The label of data sets that have no name of their own. */
const DOTS = "";

/** Draws curves and scatters of a description. */
export class LineChart {
  private readonly box: ChartBox;
  private readonly chart: Chart<"line", Point[]>;

  constructor(
    private plot: LinesPlot,
    private readonly size: "normal" | "small",
    private theme: Theme,
  ) {
    this.box = new ChartBox(size);
    this.chart = new Chart<"line", Point[]>(this.box.canvas, {
      type: "line",
      data: { datasets: [] },
      plugins: [bands(this.isBand), whiskers("y", this.isBand)],
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        maintainAspectRatio: false,
        responsive: true,
        interaction: { mode: "nearest", axis: "x", intersect: false },
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

  /** Draws another plot in the place of the present one. */
  show(plot: LinesPlot): void {
    this.plot = plot;
    this.paint(this.theme);
  }

  picture(): HTMLCanvasElement {
    return picture(this.chart, this.theme.background);
  }

  paint(theme: Theme): void {
    this.theme = theme;
    const axis = axisStyle(theme);
    const { x, y } = this.plot;
    const isSmall = this.size === "small";
    const { ticks: fixed } = x;
    this.chart.options.scales = {
      x: {
        type: x.scale,
        ...axis,
        ...(x.end !== undefined && x.end > 0 && { min: 0, max: x.end }),
        title: axisTitle(theme, isSmall ? "" : x.title),
        ...(fixed !== undefined && {
          afterBuildTicks: (built: { ticks: { value: number }[] }) => {
            built.ticks = fixed.map((value) => ({ value }));
          },
          ticks: { ...axis.ticks, autoSkip: false, callback: String },
        }),
      },
      y: {
        type: y.scale,
        ...axis,
        ...(y.scale === "logarithmic" && {
          ticks: { ...axis.ticks, callback: (value: number | string) => brief(Number(value)) },
        }),
        ...this.reach(),
        title: axisTitle(theme, isSmall ? "" : y.title),
      },
    };
    this.chart.options.plugins = {
      legend: {
        labels: {
          color: theme.foreground,
          font: fontOf(theme),
          usePointStyle: true,
          boxHeight: 7,
          filter: ({ text }) => text !== DOTS,
        },
      },
      tooltip: {
        filter: ({ dataset }) => dataset.label !== DOTS,
        ...(fixed !== undefined && {
          callbacks: { title: ([item]) => (item === undefined ? "" : String(nearest(fixed, item.parsed.x ?? 0))) },
        }),
      },
      decimation: { enabled: true, algorithm: "lttb", samples: 500, threshold: 1000 },
    };
    // New objects, since chart.js keeps the resolved colours of points with the dataset they were made for.
    this.chart.data.datasets = [
      ...this.plot.series.map((series, index) => this.dataset(series, index)),
      ...this.plot.series.flatMap((series, index) => this.dots(series, index)),
    ];
    this.chart.update("none");
  }

  destroy(): void {
    this.chart.destroy();
  }

  private readonly isBand = (index: number): boolean => this.plot.series[index]?.look === "band";

  /** The ends of the value axis: all intervals where there are any; else chart.js computes them. */
  private reach(): ReturnType<typeof reach> {
    const isLog = this.plot.y.scale === "logarithmic";
    const points = this.plot.series.flatMap((series) => (series.look === "line" ? [] : series.points));
    return points.some(({ low }) => low !== undefined)
      ? reach(
          points.map(({ y, low, high }) => ({
            at: y,
            low: isLog ? Math.max(low ?? y, Number.MIN_VALUE) : low,
            high,
          })),
          false,
        )
      : {};
  }

  /** The points that the axis can show: a logarithmic one cannot show 0. */
  private drawn(points: readonly Point[], index: number): Point[] {
    const { y: axis, dodge, series } = this.plot;
    const kept = points.filter(({ y }) => Number.isFinite(y) && (axis.scale === "linear" || y > 0));
    return dodge === true
      ? kept.map((point) => ({ ...point, x: point.x * DODGE ** (index - (series.length - 1) / 2) }))
      : kept;
  }

  /** Single values behind a series, hollow, which neither the legend nor the pointer names. */
  private dots({ dots = [], style }: LineSeries, index: number): ChartDataset<"line", Point[]>[] {
    if (dots.length === 0) return [];
    return [
      {
        label: DOTS,
        data: this.drawn(dots, index).sort((a, b) => a.x - b.x),
        ...seriesStyle(this.theme, style),
        pointBackgroundColor: "transparent",
        pointStyle: "circle",
        pointRadius: 2.5,
        showLine: false,
      },
    ];
  }

  private dataset({ name, look, style, points }: LineSeries, index: number): ChartDataset<"line", Point[]> {
    return {
      label: name,
      data: this.drawn(points, index),
      ...seriesStyle(this.theme, style),
      pointRadius: look === "marked" || look === "marks" ? 4 : 0,
      showLine: look !== "marks",
    };
  }
}
