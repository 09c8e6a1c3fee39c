import type { Labels } from "../protocol/pageLabels.ts";
import type { RunCurves } from "../protocol/hostToPage.ts";
import type { Axis, FigureSpec, LineSeries, LinesPlot, Point, Scale } from "./figureSpec.ts";
import type { TableData } from "./tableText.ts";

const TABLE_ROWS = 400;

/** Runs that are one curve: one run, or several that differ in their seed alone. */
export interface CurveGroup {
  name: string;
  /** Its index in the cycle of styles. */
  style: number;
  runs: readonly Pick<RunCurves, "points" | "validation">[];
}

/** What of the runs is drawn over their steps. */
export interface CurvesAsked {
  measure: "loss" | "validation";
  scale: Scale;
  /** The most points of a curve: of longer ones every k-th is drawn, and the last. */
  most: number;
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

/**
 * Training loss, or the metric on the validation split, of groups of runs over their steps. A group of several runs is
 * the mean of its seeds in the band between the least and the largest; its table has these three columns.
 */
export function curvesFigure(
  groups: readonly CurveGroup[],
  { measure, scale, most }: CurvesAsked,
  labels: Labels,
): FigureSpec<LinesPlot> {
  const isMetric = measure === "validation";
  const series = groups.map(({ name, style, runs }): LineSeries => {
    const points = thinned(together(runs.map((run) => (isMetric ? run.validation : run.points))), most);
    if (runs.length > 1) return { name, style, points, look: "band" };
    return { name, style, points, look: isMetric ? "marked" : "line" };
  });
  const y: Axis = isMetric
    ? { title: labels.validationMetric, scale: "linear" }
    : { title: `${labels.loss} (${labels.nats})`, scale };
  return {
    id: isMetric ? "validation-curves" : "curves",
    title: isMetric ? labels.validationMetric : labels.curvesTitle,
    note: labels.curvesNote,
    description: series
      .map(({ name, points }) => `${name}: ${points.at(-1)?.y.toPrecision(3) ?? labels.none}`)
      .join("; "),
    plot: { kind: "lines", x: { title: labels.step, scale: "linear" }, y, series },
    table: () => curvesTable(series, labels),
  };
}

function curvesTable(series: readonly LineSeries[], labels: Labels): TableData {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const columns = series.flatMap(({ name, points, look }) => {
    const map = new Map(points.map((point) => [point.x, point]));
    const mean = { name, of: (step: number) => map.get(step)?.y };
    if (look !== "band") return [mean];
    return [
      mean,
      { name: `${name}: ${labels.low}`, of: (step: number) => map.get(step)?.low },
      { name: `${name}: ${labels.high}`, of: (step: number) => map.get(step)?.high },
    ];
  });
  return {
    columns: [{ name: labels.step }, ...columns.map(({ name }) => ({ name }))],
    rows: thinned(steps, TABLE_ROWS).map((step) => [step, ...columns.map(({ of }) => of(step))]),
  };
}
