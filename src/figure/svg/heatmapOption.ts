import { drawnAxis, linearTicks } from "../axisTicks.ts";
import type { HeatmapPlot } from "../figureSpec.ts";
import { colourOf, levelOf } from "../palette.ts";
import { valueAxis, WIDTH, type Chart } from "./chartOption.ts";

const ROW = 14;
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

/** A row of cells for each text, and beside them what the colours mean. */
export function heatmapOption({ x, y, unit, rows, scale }: HeatmapPlot): Chart {
  const columns = Math.max(1, ...rows.map(({ length }) => length));
  const cells = rows.flatMap((row, at) => row.map((value, place) => ({ at, place, level: levelOf(value, scale) })));
  const [low, high] = scale;
  const step = (high - low) / STEPS || 1;
  const whole = { scale: "linear", ticks: linearTicks(1, columns, 10).filter((tick) => tick >= 1) } as const;
  const texts = {
    scale: "linear",
    ticks: linearTicks(1, rows.length, 5).filter((tick) => Number.isInteger(tick)),
  } as const;
  const across = { ...drawnAxis({ title: x, ...whole }, []), low: 0.5, high: columns + 0.5 };
  const down = { ...drawnAxis({ title: y, ...texts }, []), low: 0.5, high: rows.length + 0.5 };
  const colours = { ...drawnAxis({ title: unit, scale: "linear" }, scale), low, high: high > low ? high : low + 1 };
  const height = 100 + Math.max(8, rows.length) * ROW;
  return {
    width: WIDTH,
    height,
    option: {
      legend: { show: false },
      grid: [
        { left: 60, right: 110, top: 12, bottom: 46 },
        { left: WIDTH - 84, width: 16, top: 12, bottom: 46 },
      ],
      xAxis: [
        { ...valueAxis(across, 28), splitLine: { show: false } },
        { type: "value", gridIndex: 1, min: 0, max: 1, show: false },
      ],
      yAxis: [
        { ...valueAxis(down, 36), inverse: true, splitLine: { show: false } },
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
