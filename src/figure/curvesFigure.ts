import type { Labels } from "../protocol/pageLabels.ts";
import type { RunCurves } from "../protocol/hostToPage.ts";
import type { Axis, FigureSpec, LineSeries, LinesPlot, Point, Scale } from "./figureSpec.ts";
import type { TableData } from "./tableText.ts";
import { fill } from "./valueText.ts";

const TABLE_ROWS = 400;

type Curves = Pick<RunCurves, "points" | "validation" | "clock">;

/** Runs that are one curve: one run, or several that differ in their seed alone. */
export interface CurveGroup {
  name: string;
  /** Its index in the cycle of styles. */
  style: number;
  runs: readonly Curves[];
}

/** What curves are drawn over. */
export type CurveAxis = "step" | "tokens" | "time";

/** What of the runs is drawn. */
export interface CurvesAsked {
  measure: "loss" | "validation";
  scale: Scale;
  /** The most points of a curve: of longer ones every k-th is drawn, and the last. */
  most: number;
  /** Steps unless it is given. Tokens and seconds need the runs' clocks. */
  over?: CurveAxis;
  /** The training loss is a running mean over so many steps, the step's own in the middle; 1: as it is. */
  smooth?: number;
}

/** Evenly spaced values, at most `most` and the last one. */
function thinned<T>(values: readonly T[], most: number): readonly T[] {
  const every = Math.max(1, Math.ceil(values.length / most));
  return values.filter((_, i) => i % every === 0 || i === values.length - 1);
}

/** At each step that all runs have: the mean over them, and the least and largest. */
function together(curves: readonly (readonly (readonly [number, number])[])[]): Point[] {
  const [first = [], ...others] = curves;
  if (others.length === 0) return first.map(([x, y]) => ({ x, y }));
  const maps = others.map((points) => new Map(points));
  return first.flatMap(([x, own]) => {
    const values = [own, ...maps.flatMap((map) => map.get(x) ?? [])];
    if (values.length < curves.length) return [];
    const y = values.reduce((a, b) => a + b, 0) / values.length;
    return [{ x, y, low: Math.min(...values), high: Math.max(...values) }];
  });
}

/** The mean of each value and its neighbours, `width` of them in all, fewer at the ends but as many on both sides. */
export function smoothed(points: readonly (readonly [number, number])[], width: number): [x: number, y: number][] {
  const half = Math.floor(width / 2);
  const sums = [0];
  for (const [, y] of points) sums.push(sums.at(-1)! + y);
  return points.map(([x, y], i) => {
    const side = Math.min(half, i, points.length - 1 - i);
    return side === 0 ? [x, y] : [x, (sums[i + side + 1]! - sums[i - side]!) / (2 * side + 1)];
  });
}

/** Seconds or tokens of each step of a run; of a step without any, those of the last one before it. */
function clockOf({ points, clock = [] }: Curves, over: "tokens" | "time"): (step: number) => number | undefined {
  const at = over === "time" ? 0 : 1;
  const known = new Map(points.flatMap(([step], i) => (clock[i] === undefined ? [] : [[step, clock[i][at]] as const])));
  const last = points[clock.length - 1]?.[0] ?? 0;
  return (step) => known.get(Math.min(step, last));
}

/** The points of a group over seconds or tokens: the mean of those of its runs at the same step. */
function over(points: readonly Point[], runs: readonly Curves[], axis: CurveAxis): Point[] {
  if (axis === "step") return [...points];
  const clocks = runs.map((run) => clockOf(run, axis));
  return points.flatMap((point) => {
    const values = clocks.flatMap((of) => of(point.x) ?? []);
    return values.length < runs.length ? [] : [{ ...point, x: values.reduce((a, b) => a + b, 0) / values.length }];
  });
}

const axisTitle = (axis: CurveAxis, labels: Labels): string =>
  ({ step: labels.step, tokens: labels.trainedTokens, time: labels.trainedSeconds })[axis];

/** What the caption tells of how the curves were made. */
function noteOf(
  groups: readonly CurveGroup[],
  { measure, over: axis, smooth = 1 }: CurvesAsked,
  labels: Labels,
): string {
  return [
    labels.curvesNote,
    ...(measure === "loss" && smooth > 1 ? [fill(labels.smoothedNote, smooth)] : []),
    ...(axis === "tokens" ? [labels.tokensNote] : []),
    ...(axis === "time" ? [labels.timeNote] : []),
    ...((axis ?? "step") !== "step" && groups.some(({ runs }) => runs.length > 1) ? [labels.sameStepNote] : []),
  ].join(" ");
}

/**
 * Training loss, or the metric on the validation split, of groups of runs over their steps, tokens or time. A group of
 * several runs is the mean of its runs at each step in the band between the least and the largest; its table has these
 * three columns.
 */
export function curvesFigure(groups: readonly CurveGroup[], asked: CurvesAsked, labels: Labels): FigureSpec<LinesPlot> {
  const { measure, scale, most, over: axis = "step", smooth = 1 } = asked;
  const isMetric = measure === "validation";
  const curveOf = (run: Curves): readonly (readonly [number, number])[] => {
    if (isMetric) return run.validation;
    return smooth > 1 ? smoothed(run.points, smooth) : run.points;
  };
  const series = groups.map(({ name, style, runs }): LineSeries => {
    const points = thinned(over(together(runs.map(curveOf)), runs, axis), most);
    if (runs.length > 1) return { name, style, points, look: "band" };
    return { name, style, points, look: isMetric ? "marked" : "line" };
  });
  const y: Axis = isMetric
    ? { title: labels.validationMetric, scale: "linear" }
    : { title: `${labels.loss} (${labels.nats})`, scale };
  const x = axisTitle(axis, labels);
  return {
    id: isMetric ? "validation-curves" : "curves",
    title: isMetric ? labels.validationMetric : labels.curvesTitle,
    note: noteOf(groups, asked, labels),
    description: series
      .map(({ name, points }) => `${name}: ${points.at(-1)?.y.toPrecision(3) ?? labels.none}`)
      .join("; "),
    plot: { kind: "lines", x: { title: x, scale: "linear" }, y, series },
    table: () => curvesTable(series, x, labels),
  };
}

function curvesTable(series: readonly LineSeries[], x: string, labels: Labels): TableData {
  const places = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b);
  const columns = series.flatMap(({ name, points, look }) => {
    const map = new Map(points.map((point) => [point.x, point]));
    const mean = { name, of: (place: number) => map.get(place)?.y };
    if (look !== "band") return [mean];
    return [
      mean,
      { name: `${name}: ${labels.low}`, of: (place: number) => map.get(place)?.low },
      { name: `${name}: ${labels.high}`, of: (place: number) => map.get(place)?.high },
    ];
  });
  return {
    columns: [{ name: x }, ...columns.map(({ name }) => ({ name }))],
    rows: thinned(places, TABLE_ROWS).map((place) => [place, ...columns.map(({ of }) => of(place))]),
  };
}
