import { Chart, type ChartDataset, Decimation, Legend, LinearScale, LineController, LineElement, LogarithmicScale, PointElement, Tooltip } from "chart.js";
import type { Theme } from "./theme.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Legend, Tooltip, Decimation);

export interface Point { x: number; y: number }

export interface ChartOptions { readonly title: string; readonly xTitle: string; readonly scale: "linear" | "logarithmic"; readonly small?: boolean }

const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const POINT_STYLES = ["circle", "triangle", "rect", "rectRot"] as const;

/** A figure with one line chart: series appear as their names are first used, points are appended. */
export class LineChart {
  readonly element = document.createElement("section");
  private readonly canvas = document.createElement("canvas");
  private readonly heading = document.createElement("h2");
  private readonly chart: Chart<"line", Point[]>;
  private readonly series: { name: string; marks: boolean; points: Point[] }[] = [];
  private scale: "linear" | "logarithmic";
  private steps = 0;

  constructor(private readonly options: ChartOptions, private theme: Theme) {
    this.scale = options.scale;
    this.heading.textContent = options.title;
    const box = document.createElement("div");
    box.className = options.small === true ? "chart small" : "chart";
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", options.title);
    box.append(this.canvas);
    this.element.append(this.heading, box);
    this.chart = new Chart<"line", Point[]>(this.canvas, {
      type: "line", data: { datasets: [] },
      options: { animation: false, parsing: false, normalized: true, maintainAspectRatio: false, responsive: true, interaction: { mode: "nearest", axis: "x", intersect: false } },
    });
    this.paint(theme);
  }

  /** @param marks points alone, with no decimation, for a series with few of them */
  append(name: string, points: readonly Point[], marks = false): void {
    const valid = points.filter((point) => Number.isFinite(point.y));
    const existing = this.series.findIndex((each) => each.name === name);
    const index = existing >= 0 ? existing : this.series.push({ name, marks, points: [] }) - 1;
    const series = this.series[index]!, first = valid[0];
    // A resumed run repeats the steps since its checkpoint: the later reading stands.
    if (first !== undefined && first.x <= (series.points.at(-1)?.x ?? -Infinity)) series.points = series.points.filter((point) => point.x < first.x);
    series.points.push(...valid);
    const dataset = this.chart.data.datasets[index];
    // Set, not pushed to: what chart.js gives back of a long series is its decimated form.
    if (dataset === undefined) this.chart.data.datasets[index] = this.dataset(series, index);
    else dataset.data = [...series.points];
  }

  clear(): void { this.series.length = 0; this.chart.data.datasets = []; }

  /** Planned steps, so that the axis ends where the run will. */
  setSteps(steps: number): void {
    if (this.steps === steps) return;
    this.steps = steps;
    this.paint(this.theme);
  }

  setScale(scale: "linear" | "logarithmic"): void { this.paint(this.theme, scale); }

  /** @param label what the figure shows, for who cannot see it */
  draw(label: string): void {
    this.canvas.setAttribute("aria-label", label);
    this.chart.update("none");
  }

  paint(theme: Theme, scale: "linear" | "logarithmic" = this.scale): void {
    this.theme = theme;
    this.scale = scale;
    const font = { family: theme.font, size: Math.max(9, theme.fontSize - 2) };
    const axis = { ticks: { color: theme.foreground, font, maxTicksLimit: 6 }, grid: { color: theme.grid, lineWidth: 0.5 }, border: { color: theme.grid } };
    this.chart.options.scales = {
      x: { type: "linear", ...axis, ...(this.steps > 0 && { min: 0, max: this.steps }), title: { display: this.options.small !== true, text: this.options.xTitle, color: theme.foreground, font } },
      y: { type: scale, ...axis },
    };
    this.chart.options.plugins = {
      legend: { labels: { color: theme.foreground, font, usePointStyle: true, boxHeight: 7 } },
      decimation: { enabled: true, algorithm: "lttb", samples: 500, threshold: 1000 },
    };
    // New objects, since chart.js keeps the resolved colours of points with the dataset they were made for.
    this.chart.data.datasets = this.series.map((series, index) => this.dataset(series, index));
    this.chart.update("none");
  }

  private dataset({ name, marks, points }: { name: string; marks: boolean; points: Point[] }, index: number): ChartDataset<"line", Point[]> {
    return {
      label: name, data: [...points], borderWidth: 1.5, borderDash: [...(DASHES[index % DASHES.length] ?? [])],
      pointRadius: marks ? 4 : 0, pointStyle: POINT_STYLES[index % POINT_STYLES.length] ?? "circle", ...this.colours(index),
    };
  }

  private colours(index: number): Record<"borderColor" | "backgroundColor" | "pointBorderColor" | "pointBackgroundColor", string> {
    const colour = this.theme.series[index % this.theme.series.length] ?? this.theme.foreground;
    return { borderColor: colour, backgroundColor: colour, pointBorderColor: colour, pointBackgroundColor: colour };
  }
}
