import type { ParallelPlot } from "../figureSpec.ts";
import { placedAxes } from "../parallelPlaces.ts";
import { INK } from "../seriesStyle.ts";
import { FONT, lookOf, textWidth, WIDTH, type Chart } from "./chartOption.ts";

const HEIGHT = 340;
const TOP = 60;
const BOTTOM = 40;
const SIDE = 60;
const TICK = 4;
/** A text's room for each axis, in characters; longer ones are cut. */
const LEAST = 6;

/** Lines of runs that are not the best, of the best tenth, and of the best. */
const RANKS = {
  other: { style: -1, width: 0.6 },
  top: { style: 0, width: 1.1 },
  best: { style: 1, width: 2.6 },
};

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const line = (points: readonly (readonly number[])[], stroke: string, lineWidth: number): object => ({
  type: "polyline",
  shape: { points },
  style: { stroke, lineWidth, fill: "none" },
});

const label = (text: string, at: { x: number; y: number }, align: string): object => ({
  type: "text",
  style: { ...FONT, font: "12px sans-serif", fill: INK.text, text, ...at, verticalAlign: "middle", align },
});

const y = (place: number): number => TOP + (1 - place) * (HEIGHT - TOP - BOTTOM);

/** A line for each run, then each axis with its title and ticks. */
function elementsOf(plot: ParallelPlot): object[] {
  const axes = placedAxes(plot);
  const step = (WIDTH - 2 * SIDE) / Math.max(1, axes.length - 1);
  const most = Math.max(LEAST, Math.floor(step / textWidth("x")) - 1);
  const x = (axis: number): number => SIDE + axis * step;
  const lines = plot.lines.map(({ values, rank }) => {
    const { style, width } = RANKS[rank];
    return line(
      axes.map(({ placeOf }, i) => [x(i), y(placeOf(values[i]))]),
      style < 0 ? INK.grid : lookOf(style).colour,
      width,
    );
  });
  const marks = axes.flatMap(({ title, ticks }, i) => [
    line(
      [0, 1].map((end) => [x(i), y(end)]),
      INK.text,
      1,
    ),
    // Titles of neighbours are on two heights, so that each has the room of two.
    label(cut(title, 2 * most), { x: x(i), y: i % 2 === 0 ? 14 : 32 }, titleSide(i, axes.length)),
    ...ticks.flatMap(({ at, text }) => [
      line(
        [x(i) - TICK, x(i)].map((end) => [end, y(at)]),
        INK.text,
        1,
      ),
      label(cut(text, most), { x: x(i) + TICK, y: y(at) }, "left"),
    ]),
  ]);
  return [...lines, ...marks];
}

/** Axes beside each other, and a line for each run across them. */
export function parallelOption(plot: ParallelPlot): Chart {
  const elements = elementsOf(plot);
  return {
    width: WIDTH,
    height: HEIGHT,
    option: {
      legend: { show: false },
      grid: { left: 0, right: 0, top: 0, bottom: 0 },
      xAxis: { type: "value", min: 0, max: 1, show: false },
      yAxis: { type: "value", min: 0, max: 1, show: false },
      series: [
        {
          type: "custom",
          data: elements.map(() => [0, 0]),
          renderItem: ({ dataIndex }: { dataIndex: number }) => elements[dataIndex],
        },
      ],
    },
  };
}

/** The side of the text at which the title of an axis stands, so that the first and last stay inside the picture. */
function titleSide(index: number, count: number): "left" | "center" | "right" {
  if (index === 0) return "left";
  return index === count - 1 ? "right" : "center";
}
