import { drawnAxis, valuesOf, type DrawnAxis } from "../axisTicks.ts";
import { DODGE, type LineSeries, type LinesPlot, type Point } from "../figureSpec.ts";
import { legendHeight, legendOf, lookOf, placeOn, valueAxis, WIDTH, type Chart } from "./chartOption.ts";
import { intervalMarks } from "./intervalMarks.ts";

const HEIGHT = 300;

type Axes = Record<"x" | "y", DrawnAxis>;

/** Points of a series in places of the axes: those that a logarithmic axis can show, side by side where asked. */
function placed(points: readonly Point[], index: number, { plot, axes }: { plot: LinesPlot; axes: Axes }): Point[] {
  const shift = plot.dodge === true ? DODGE ** (index - (plot.series.length - 1) / 2) : 1;
  const y = (value: number): number => placeOn(axes.y, axes.y.isLogarithmic ? Math.max(value, axes.y.low) : value);
  return points
    .filter((point) => Number.isFinite(point.y) && (!axes.y.isLogarithmic || point.y > 0))
    .map((point) => ({
      x: placeOn(axes.x, point.x * shift),
      y: y(point.y),
      low: point.low === undefined ? undefined : y(point.low),
      high: point.high === undefined ? undefined : y(point.high),
    }));
}

function seriesOf(series: LineSeries, points: readonly Point[], dots: readonly Point[]): object[] {
  const { colour, dash, symbol } = lookOf(series.style);
  const hasMarks = series.look === "marked" || series.look === "marks";
  return [
    ...(dots.length === 0 ? [] : [dotsOf(dots, colour)]),
    ...intervalMarks(points, { along: "y", colour, isBand: series.look === "band" }),
    {
      type: "line",
      name: series.name,
      data: points.map(({ x, y }) => [x, y]),
      showSymbol: hasMarks,
      showAllSymbol: true,
      symbol: hasMarks ? symbol : "none",
      symbolSize: 8,
      itemStyle: { color: colour, borderColor: colour, borderWidth: 1 },
      lineStyle: { color: colour, width: series.look === "marks" ? 0 : 1.5, type: dash },
      z: 3,
    },
  ];
}

/** Single values behind a series; nameless, so that the legend has each series once. */
const dotsOf = (dots: readonly Point[], colour: string): object => ({
  type: "line",
  data: dots.map(({ x, y }) => [x, y]),
  showSymbol: true,
  showAllSymbol: true,
  symbol: "circle",
  symbolSize: 4,
  itemStyle: { color: colour, borderColor: colour, borderWidth: 1, opacity: 0.6 },
  lineStyle: { width: 0 },
  z: 2,
});

/** Curves and scatters, with whiskers or bands. */
export function linesOption(plot: LinesPlot): Chart {
  const values = valuesOf(plot);
  const axes = { x: drawnAxis(plot.x, values.x), y: drawnAxis(plot.y, values.y) };
  // Points that are moved aside stay within the axis.
  if (plot.dodge === true) {
    const most = DODGE ** (plot.series.length / 2);
    Object.assign(axes.x, { low: axes.x.low / most, high: axes.x.high * most });
  }
  const names = plot.series.map(({ name }) => name);
  const top = 12 + legendHeight(names);
  return {
    width: WIDTH,
    height: HEIGHT + top,
    option: {
      legend: legendOf(names),
      grid: { left: 70, right: 16, top, bottom: 46 },
      xAxis: valueAxis(axes.x, 28),
      yAxis: valueAxis(axes.y, 52),
      series: plot.series.flatMap((each, i) =>
        seriesOf(each, placed(each.points, i, { plot, axes }), placed(each.dots ?? [], i, { plot, axes })),
      ),
    },
  };
}
