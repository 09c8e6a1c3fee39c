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
import { reach, whiskers, type Whisker } from "./whiskers.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Legend, Tooltip, Decimation);

/** A point of a series, with its interval where it has one. */
export interface Point extends Whisker {
  x: number;
  y: number;
}
/** How an axis maps values to places. */
export type Scale = "linear" | "logarithmic";
/**
 * How a series is drawn. `style`: its index in the cycle of styles, by default its index in the chart; `marks`: with a
 * mark at each point and without decimation, for a series of few points; `alone`: without lines between the points.
 */
export interface SeriesOptions {
  marks?: boolean;
  style?: number;
  alone?: boolean;
}
/** Axes and layout of a line chart. */
export interface LineOptions {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly scale: Scale;
  readonly xScale?: Scale;
  readonly small?: boolean;
  readonly ticks?: readonly number[];
  /** Whether points of several series at the same x are drawn side by side. */
  readonly dodge?: boolean;
}

const DODGE = 1.03;
const brief = (value: number): string =>
  value >= 0.001 && value < 1e6 ? String(Number(value.toPrecision(3))) : value.toExponential(0);
const nearest = (values: readonly number[], wanted: number): number =>
  values.reduce(
    (best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best),
    values[0] ?? wanted,
  );

interface Series extends SeriesOptions {
  name: string;
  points: Point[];
}

/** Lines over a numeric axis. A series is created when its name is first used; points are appended. */
export class LineChart {
  private readonly box: ChartBox;
  private readonly chart: Chart<"line", Point[]>;
  private readonly series: Series[] = [];
  private scale: Scale;
  private last = 0;

  constructor(
    private options: LineOptions,
    private theme: Theme,
  ) {
    this.scale = options.scale;
    this.box = new ChartBox(options.small === true ? "small" : "normal");
    this.chart = new Chart<"line", Point[]>(this.box.canvas, {
      type: "line",
      data: { datasets: [] },
      plugins: [whiskers("y")],
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

  append(name: string, points: readonly Point[], options: SeriesOptions = {}): void {
    const valid = points.filter((point) => Number.isFinite(point.y));
    const existing = this.series.findIndex((each) => each.name === name);
    const index = existing >= 0 ? existing : this.series.push({ name, ...options, points: [] }) - 1;
    const series = this.series[index]!;
    const first = valid[0];
    // A resumed run repeats the steps since its checkpoint: the later values count.
    if (first !== undefined && first.x <= (series.points.at(-1)?.x ?? -Infinity))
      series.points = series.points.filter((point) => point.x < first.x);
    for (const point of valid) series.points.push(point);
    const dataset = this.chart.data.datasets[index];
    // Set, not appended to: chart.js returns a long series in its decimated form.
    if (dataset === undefined) this.chart.data.datasets[index] = this.dataset(series, index);
    else dataset.data = this.drawn(series.points, index);
  }

  clear(options: LineOptions = this.options): void {
    this.options = options;
    this.scale = options.scale;
    this.series.length = 0;
    this.chart.data.datasets = [];
    this.paint(this.theme);
  }

  /**
   * Sets the least end of the x axis.
   * @param last the number of planned steps
   */
  setEnd(last: number): void {
    if (this.last === last) return;
    this.last = last;
    this.paint(this.theme);
  }

  setScale(scale: Scale): void {
    this.paint(this.theme, scale);
  }

  draw(label: string): void {
    this.box.describe(label);
    // Intervals and dodging depend on all series, which are complete only now.
    if (this.options.dodge === true || this.series.some(({ marks }) => marks)) this.paint(this.theme);
    else this.chart.update("none");
  }

  picture(): HTMLCanvasElement {
    return picture(this.chart, this.theme.background);
  }

  paint(theme: Theme, scale: Scale = this.scale): void {
    this.theme = theme;
    this.scale = scale;
    const axis = axisStyle(theme);
    const { ticks: fixed, small } = this.options;
    this.chart.options.scales = {
      x: {
        type: this.options.xScale ?? "linear",
        ...axis,
        ...(this.last > 0 && { min: 0, max: this.last }),
        title: axisTitle(theme, small === true ? "" : this.options.xTitle),
        ...(fixed !== undefined && {
          afterBuildTicks: (built: { ticks: { value: number }[] }) => {
            built.ticks = fixed.map((value) => ({ value }));
          },
          ticks: { ...axis.ticks, autoSkip: false, callback: String },
        }),
      },
      y: {
        type: scale,
        ...axis,
        ...(scale === "logarithmic" && {
          ticks: { ...axis.ticks, callback: (value: number | string) => brief(Number(value)) },
        }),
        ...this.reach(scale),
        title: axisTitle(theme, small === true ? "" : this.options.yTitle),
      },
    };
    this.chart.options.plugins = {
      legend: { labels: { color: theme.foreground, font: fontOf(theme), usePointStyle: true, boxHeight: 7 } },
      tooltip:
        fixed === undefined
          ? {}
          : {
              callbacks: { title: ([item]) => (item === undefined ? "" : String(nearest(fixed, item.parsed.x ?? 0))) },
            },
      decimation: { enabled: true, algorithm: "lttb", samples: 500, threshold: 1000 },
    };
    // New objects, since chart.js keeps the resolved colours of points with the dataset they were made for.
    this.chart.data.datasets = this.series.map((series, index) => this.dataset(series, index));
    this.chart.update("none");
  }

  destroy(): void {
    this.chart.destroy();
  }

  /** The ends of the value axis: all intervals where there are any; else chart.js computes them. */
  private reach(scale: Scale): ReturnType<typeof reach> {
    const points = this.series.flatMap((series) => (series.marks === true ? series.points : []));
    return points.some(({ low }) => low !== undefined)
      ? reach(
          points.map(({ y, low, high }) => ({
            at: y,
            low: scale === "logarithmic" ? Math.max(low ?? y, Number.MIN_VALUE) : low,
            high,
          })),
          false,
        )
      : {};
  }

  /** The points that the axis can show: a logarithmic one cannot show 0. */
  private drawn(points: readonly Point[], index: number): Point[] {
    const kept = this.scale === "logarithmic" ? points.filter(({ y }) => y > 0) : [...points];
    return this.options.dodge === true
      ? kept.map((point) => ({ ...point, x: point.x * DODGE ** (index - (this.series.length - 1) / 2) }))
      : kept;
  }

  private dataset({ name, marks, alone, style, points }: Series, index: number): ChartDataset<"line", Point[]> {
    return {
      label: name,
      data: this.drawn(points, index),
      ...seriesStyle(this.theme, style ?? index),
      pointRadius: marks === true ? 4 : 0,
      showLine: alone !== true,
    };
  }
}
