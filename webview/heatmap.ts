import { Chart, LinearScale, type Plugin, ScatterController } from "chart.js";
import { ChartBox, picture } from "./chart/chartBox.ts";
import { axisStyle, axisTitle } from "./chart/chartStyle.ts";
import { el } from "./dom.ts";
import type { HeatmapPlot } from "../src/figure/figureSpec.ts";
import { colourOf, levelOf } from "../src/figure/palette.ts";
import type { Theme } from "./theme.ts";

Chart.register(ScatterController, LinearScale);

/** The cells of a heatmap. */
interface CellGrid {
  rows: number;
  columns: number;
  /** Row by row; NaN where there is no cell. */
  values: Float32Array;
}
/** The text of a cell, and what happens when the user picks a row. */
export interface HeatmapTexts {
  /** The text of the cell under the cursor. */
  cell: (row: number, column: number, value: number) => string;
  onPick?: (row: number) => void;
}

const ROW = 14;
const NAMED_ROW = 32;
const LONGEST = 24;
const FRAME = 70;
const LEAST = 160;
const MOST = 640;

const clipped = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

function gridOf(given: HeatmapPlot["rows"]): CellGrid {
  const columns = Math.max(1, ...given.map(({ length }) => length));
  const values = new Float32Array(given.length * columns).fill(NaN);
  for (const [row, own] of given.entries()) values.set(own, row * columns);
  return { rows: given.length, columns, values };
}

/** A grid of coloured cells, drawn once as one image; the pointer or the arrow keys move a cursor over it. */
export class Heatmap {
  readonly element = el("div", "", "heatmap");
  readonly scale: readonly [number, number];
  private readonly grid: CellGrid;
  private readonly box = new ChartBox();
  private readonly cursor = el("div", "", "cursor");
  private readonly said = el("p", "", "detail");
  private readonly image: HTMLCanvasElement;
  private readonly chart: Chart;
  private at = { row: 0, column: 0 };

  constructor(
    private readonly plot: HeatmapPlot,
    private readonly texts: HeatmapTexts,
    private theme: Theme,
  ) {
    this.scale = plot.scale;
    this.grid = gridOf(plot.rows);
    this.image = this.paintCells();
    this.box.element.style.height = `${Math.max(LEAST, Math.min(MOST, FRAME + this.grid.rows * (plot.names === undefined ? ROW : NAMED_ROW)))}px`;
    this.said.setAttribute("aria-live", "polite");
    this.cursor.hidden = true;
    this.chart = new Chart(this.box.canvas, {
      type: "scatter",
      data: { datasets: [] },
      plugins: [this.cells()],
      options: {
        animation: false,
        maintainAspectRatio: false,
        responsive: true,
        events: [],
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
      },
    });
    this.paint(theme);
    this.listen();
    this.box.element.append(this.cursor);
    this.element.append(this.box.element, this.said);
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
    const { rows, columns } = this.grid;
    const { names } = this.plot;
    const whole = {
      precision: 0,
      color: theme.foreground,
      font: axis.ticks.font,
      callback: (value: string | number) => (Number.isInteger(Number(value)) ? String(Number(value)) : ""),
    };
    this.chart.options.scales = {
      x: {
        type: "linear",
        ...axis,
        min: 0,
        max: columns,
        grid: { display: false },
        ...this.ticks(whole, names?.x),
        title: axisTitle(theme, this.plot.x),
      },
      y: {
        type: "linear",
        ...axis,
        min: 0,
        max: rows,
        reverse: true,
        grid: { display: false },
        ...this.ticks(whole, names?.y),
        title: axisTitle(theme, this.plot.y),
      },
    };
    this.chart.update("none");
  }

  /** The ticks of a side: whole numbers, or names in the middle of their cells. */
  private ticks<T extends object>(whole: T, names: readonly string[] | undefined): object {
    if (names === undefined) return { ticks: { ...whole, maxTicksLimit: 12 } };
    return {
      afterBuildTicks: (axis: { ticks: { value: number }[] }) => {
        axis.ticks = names.map((_, i) => ({ value: i + 0.5 }));
      },
      ticks: {
        ...whole,
        autoSkip: false,
        callback: (value: string | number) => clipped(names[Math.floor(Number(value))] ?? ""),
      },
    };
  }

  /** Draws the cells, one pixel each; called once. */
  private paintCells(): HTMLCanvasElement {
    const { rows, columns, values } = this.grid;
    const canvas = document.createElement("canvas");
    canvas.width = columns;
    canvas.height = rows;
    const ctx = canvas.getContext("2d");
    if (ctx === null) throw new Error("no 2d canvas");
    const image = ctx.createImageData(columns, rows);
    for (const [i, value] of values.entries()) {
      if (Number.isNaN(value)) continue;
      image.data.set([...colourOf(levelOf(value, this.scale)), 255], 4 * i);
    }
    ctx.putImageData(image, 0, 0);
    return canvas;
  }

  private cells(): Plugin {
    return {
      id: "cells",
      beforeDatasetsDraw: ({ ctx, chartArea: { left, top, width, height } }) => {
        ctx.save();
        ctx.imageSmoothingEnabled = false;
        ctx.drawImage(this.image, left, top, width, height);
        ctx.restore();
      },
    };
  }

  private listen(): void {
    const { canvas } = this.box;
    const { rows, columns } = this.grid;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointermove", (event) => {
      const { x, y } = this.chart.scales;
      if (x === undefined || y === undefined) return;
      const column = Math.floor(x.getValueForPixel(event.offsetX) ?? -1);
      const row = Math.floor(y.getValueForPixel(event.offsetY) ?? -1);
      if (column >= 0 && row >= 0 && column < columns && row < rows) this.point(row, column);
    });
    canvas.addEventListener("pointerleave", () => {
      this.cursor.hidden = true;
    });
    canvas.addEventListener("click", () => this.texts.onPick?.(this.at.row));
    canvas.addEventListener("keydown", (event) => {
      const step = (
        { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<
          string,
          readonly [number, number]
        >
      )[event.key];
      if (event.key === "Enter") this.texts.onPick?.(this.at.row);
      if (step === undefined) return;
      event.preventDefault();
      this.point(
        Math.max(0, Math.min(rows - 1, this.at.row + step[0])),
        Math.max(0, Math.min(columns - 1, this.at.column + step[1])),
      );
    });
  }

  /** Moves the cursor without drawing the cells again. */
  private point(row: number, column: number): void {
    const { x, y } = this.chart.scales;
    if (x === undefined || y === undefined) return;
    this.at = { row, column };
    const [left, top] = [x.getPixelForValue(column), y.getPixelForValue(row)];
    const style = this.cursor.style;
    style.left = `${left}px`;
    style.top = `${top}px`;
    style.width = `${x.getPixelForValue(column + 1) - left}px`;
    style.height = `${y.getPixelForValue(row + 1) - top}px`;
    this.cursor.hidden = false;
    const value = this.grid.values[row * this.grid.columns + column] ?? NaN;
    this.said.textContent = Number.isNaN(value) ? "" : this.texts.cell(row, column, value);
  }
}

/** The colour scale of a heatmap, with its two ends and its unit. */
export function colourBar([low, high]: readonly [number, number], unit: string): HTMLElement {
  const bar = el("div", "", "colourbar");
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = 1;
  const ctx = canvas.getContext("2d");
  const image = ctx?.createImageData(256, 1);
  if (ctx === null || image === undefined) throw new Error("no 2d canvas");
  for (let level = 0; level < 256; level++) image.data.set([...colourOf(level), 255], 4 * level);
  ctx.putImageData(image, 0, 0);
  canvas.setAttribute("aria-hidden", "true");
  bar.append(el("span", `≤ ${low.toPrecision(3)}`), canvas, el("span", `≥ ${high.toPrecision(3)} ${unit}`));
  return bar;
}
