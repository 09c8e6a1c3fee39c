import { drawnAxis } from "../axisTicks.ts";
import type { IntervalsPlot } from "../figureSpec.ts";
import { INK } from "../seriesStyle.ts";
import { FONT, legendHeight, legendOf, lookOf, nameAxis, valueAxis, WIDTH, type Chart } from "./chartOption.ts";
import { intervalMarks } from "./intervalMarks.ts";

const ROW = 26;
const LABELS = 230;

/** Values with their intervals, one row for each label, with a line at zero where the axis has it. */
export function intervalsOption({ x, zero, groups }: IntervalsPlot): Chart {
  const labels = [...new Set(groups.flatMap(({ rows }) => rows.map(({ label }) => label)))];
  const values = groups.flatMap(({ rows }) =>
    rows.flatMap(({ value, low, high, dots = [] }) => [value, low ?? value, high ?? value, ...dots]),
  );
  const axis = drawnAxis({ title: x, scale: "linear" }, zero ? [...values, 0] : values);
  const names = groups.map(({ name }) => name);
  const top = 12 + legendHeight(names);
  return {
    width: WIDTH,
    height: top + 46 + Math.max(2, labels.length) * ROW,
    option: {
      legend: legendOf(names),
      grid: { left: LABELS, right: 20, top, bottom: 46 },
      xAxis: valueAxis(axis, 28),
      yAxis: nameAxis(labels, {
        inverse: true,
        axisLine: { onZero: false, lineStyle: { color: INK.grid } },
        axisLabel: { ...FONT, interval: 0, width: LABELS - 16, overflow: "truncate" },
      }),
      series: [
        ...(zero ? [zeroLine(labels)] : []),
        ...groups.flatMap(({ name, rows }, i) => groupSeries(name, rows, i)),
      ],
    },
  };
}

const zeroLine = (labels: readonly string[]): object => ({
  type: "custom",
  z: 1,
  data: [[0, labels[0]]],
  renderItem: (
    { coordSys }: { coordSys: { y: number; height: number } },
    places: { coord: (values: readonly (number | string)[]) => [number, number] },
  ) => {
    const [at] = places.coord([0, labels[0]!]);
    return {
      type: "line",
      shape: { x1: at, x2: at, y1: coordSys.y, y2: coordSys.y + coordSys.height },
      style: { stroke: INK.text, lineWidth: 1 },
    };
  },
});

function groupSeries(name: string, rows: IntervalsPlot["groups"][number]["rows"], index: number): object[] {
  const { colour, symbol } = lookOf(index);
  const style = { color: colour, borderColor: colour, borderWidth: 1 };
  const marks = { type: "line", showSymbol: true, showAllSymbol: true, lineStyle: { width: 0 }, itemStyle: style };
  const points = rows.map(({ label, value, low, high }) => ({ x: value, y: label, low, high }));
  return [
    {
      ...marks,
      // Nameless, so that the legend has each group once.
      symbol: "circle",
      symbolSize: 4,
      itemStyle: { ...style, opacity: 0.6 },
      data: rows.flatMap(({ label, dots = [] }) => dots.map((dot) => [dot, label])),
      z: 2,
    },
    ...intervalMarks(points, { along: "x", colour, isBand: false }),
    {
      ...marks,
      name,
      symbol,
      symbolSize: index === 0 ? 10 : 7,
      data: rows.map(({ label, value }) => [value, label]),
      z: 3,
    },
  ];
}
