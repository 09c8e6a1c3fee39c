import { drawnAxis, heatmapAxes } from "../axisTicks.ts";
import type { HeatmapPlot } from "../figureSpec.ts";
import { colourOf, levelOf } from "../palette.ts";
import { textWidth, valueAxis, WIDTH, type Chart } from "./chartOption.ts";

const ROW = 14;
const NAMED_ROW = 30;
/** The widest that names of rows may be, in pixels. */
const LONGEST = 180;
const STEPS = 64;
const OVERLAP = 0.4;

/** What a custom series of ECharts is given to place values. */
interface Places {
  coord: (values: readonly number[]) => [x: number, y: number];
}

const rect = (from: readonly [number, number], to: readonly [number, number], fill: string): object => ({
  type: "rect",
  shape: {
    x: Math.min(from[0], to[0]),
    y: Math.min(from[1], to[1]),
    // Wider by a bit, since edges that only touch show as lines.
    width: Math.abs(to[0] - from[0]) + OVERLAP,
    height: Math.abs(to[1] - from[1]) + OVERLAP,
  },
  style: { fill },
});

const hex = (level: number): string =>
  `#${colourOf(level)
    .map((part) => part.toString(16).padStart(2, "0"))
    .join("")}`;

/** An axis without lines across the cells, with more said of its labels. */
const named = (axis: { axisLabel: object }, labels: object): object => ({
  ...axis,
  splitLine: { show: false },
  axisLabel: { ...axis.axisLabel, ...labels },
});

/** A row of cells for each text, and beside them what the colours mean. */
export function heatmapOption(plot: HeatmapPlot): Chart {
  const { unit, rows, scale } = plot;
  const columns = Math.max(1, ...rows.map(({ length }) => length));
  const cells = rows.flatMap((row, at) =>
    row.flatMap((value, place) => (Number.isNaN(value) ? [] : [{ at, place, level: levelOf(value, scale) }])),
  );
  const [low, high] = scale;
  const step = (high - low) / STEPS || 1;
  const { across, down } = heatmapAxes(plot);
  const names = plot.names;
  const left = names === undefined ? 60 : Math.min(LONGEST, 24 + Math.max(...names.y.map(textWidth))) + 24;
  const isTight = names?.x.some((name) => textWidth(name) > (WIDTH - left - 110) / columns - 8) === true;
  const bottom = isTight ? 110 : 46;
  const colours = { ...drawnAxis({ title: unit, scale: "linear" }, scale), low, high: high > low ? high : low + 1 };
  const row = names === undefined ? ROW : NAMED_ROW;
  const height = 54 + bottom + Math.max(names === undefined ? 8 : 4, rows.length) * row;
  return {
    width: WIDTH,
    height,
    option: {
      legend: { show: false },
      grid: [
        { left, right: 110, top: 12, bottom },
        { left: WIDTH - 84, width: 16, top: 12, bottom },
      ],
      xAxis: [
        named(valueAxis(across, bottom - 18), isTight ? { rotate: 40, width: 100, overflow: "truncate" } : {}),
        { type: "value", gridIndex: 1, min: 0, max: 1, show: false },
      ],
      yAxis: [
        { ...named(valueAxis(down, left - 24), { width: left - 40, overflow: "truncate" }), inverse: true },
        { ...valueAxis(colours, 46), gridIndex: 1, position: "right", splitLine: { show: false } },
      ],
      series: [
        {
          type: "custom",
          data: cells.map(({ at, place }) => [place + 1, at + 1]),
          renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Places) => {
            const { at, place, level } = cells[dataIndex]!;
            return rect(coord([place + 0.5, at + 0.5]), coord([place + 1.5, at + 1.5]), hex(level));
          },
        },
        {
          type: "custom",
          xAxisIndex: 1,
          yAxisIndex: 1,
          data: Array.from({ length: STEPS }, (_, i) => [0, low + i * step]),
          renderItem: ({ dataIndex: i }: { dataIndex: number }, { coord }: Places) =>
            rect(
              coord([0, low + i * step]),
              coord([1, low + (i + 1) * step]),
              hex(Math.round((255 * i) / (STEPS - 1))),
            ),
        },
      ],
    },
  };
}
