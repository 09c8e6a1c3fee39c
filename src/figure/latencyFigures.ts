import type { Labels } from "../protocol/pageLabels.ts";
import type { MedianInterval } from "../protocol/results/intervals.ts";
import type { FoldStatement, Latency, Timed } from "../protocol/results/latency.ts";
import type { FigureSpec, LineSeries, LinesPlot, Point, TableSpec } from "./figureSpec.ts";
import type { TableData } from "./tableText.ts";
import { fill } from "./valueText.ts";

/** What is timed of each form: milliseconds, and the ratio to the bare backbone's. */
export const TIME_MEASURES = ["endToEnd", "inputLayer", "ratio"] as const;
export type TimeMeasure = (typeof TIME_MEASURES)[number];

/** The name of each measure. */
export const timeTitles = (labels: Labels): Record<TimeMeasure, string> => ({
  endToEnd: labels.endToEnd,
  inputLayer: labels.inputLayer,
  ratio: labels.ratioToBare,
});

/** Undefined in results that were stored before it was measured. */
const timeOf = (row: Timed, measure: TimeMeasure): MedianInterval | undefined => row[measure];

function pointsOf(rows: readonly Timed[], form: string, measure: TimeMeasure): Point[] {
  return rows.flatMap((row) => {
    const time = timeOf(row, measure);
    return row.form === form && time !== undefined
      ? [{ x: row.length, y: time.median, low: time.low, high: time.high }]
      : [];
  });
}

/** Median times over the text's length for one batch size, a line for each form. The table has all of them. */
export function latencyFigure(
  { rows, rounds, tokens, device }: Latency,
  { measure, batchSize }: { measure: TimeMeasure; batchSize: number },
  labels: Labels,
): FigureSpec<LinesPlot> {
  const own = rows.filter((row) => row.batchSize === batchSize);
  const series = [...new Set(rows.map(({ form }) => form))].map((form, style): LineSeries => ({
    name: form,
    style,
    look: "marked",
    points: pointsOf(own, form, measure),
  }));
  return {
    id: "latency",
    title: labels.latencyTitle,
    note: fill(labels.latencyNote, rounds, tokens, device),
    description: series
      .map(
        ({ name, points }) =>
          `${name}: ${points.map(({ x, y }) => `${x} ${labels.tokens} ${y.toPrecision(3)}`).join(", ")}`,
      )
      .join("; "),
    plot: {
      kind: "lines",
      x: {
        title: labels.lengthTokens,
        scale: "logarithmic",
        ticks: [...new Set(rows.map(({ length }) => length))].sort((a, b) => a - b),
      },
      y: { title: timeTitles(labels)[measure], scale: measure === "ratio" ? "linear" : "logarithmic" },
      series,
      dodge: true,
    },
    table: () => timeTable(rows, labels),
  };
}

function timeTable(rows: readonly Timed[], labels: Labels): TableData {
  const titles = timeTitles(labels);
  return {
    columns: [
      { name: labels.form },
      { name: labels.parameters },
      { name: labels.promptLength },
      { name: labels.lengthTokens },
      { name: labels.batchSize },
      ...TIME_MEASURES.flatMap((each) => [
        { name: titles[each] },
        { name: `${titles[each]}: ${labels.low}` },
        { name: `${titles[each]}: ${labels.high}` },
      ]),
    ],
    rows: rows.map((row) => [
      row.form,
      row.parameters,
      row.promptLength,
      row.length,
      row.batchSize,
      ...TIME_MEASURES.flatMap((each) => {
        const time = timeOf(row, each);
        return [time?.median, time?.low, time?.high];
      }),
    ]),
  };
}

/** The largest ratio of times that counts as equally fast. */
const AS_FAST = 1.02;

/** Words for a ratio of times with its interval. */
export function timeVerdict({ low, high }: { low: number; high: number }, labels: Labels): string {
  if (high < 1) return labels.faster;
  if (high <= AS_FAST) return labels.asFast;
  return low > AS_FAST ? labels.slower : labels.notSettled;
}

/**
 * The folded run compared with other forms: ratios of times of the same round, and whether it predicts the same tokens;
 * a table alone.
 */
export function foldFigure({ form, against, predictions: { equal, total } }: FoldStatement, labels: Labels): TableSpec {
  const show = (x: number): string => x.toFixed(3);
  const title = fill(labels.foldTitle, form);
  const rows = against.flatMap(({ against: other, ratio, cells }) =>
    [{ length: undefined, batchSize: undefined, ratio }, ...cells].map((cell) => [
      other,
      cell.length ?? labels.all,
      cell.batchSize ?? labels.all,
      cell.ratio.median,
      cell.ratio.low,
      cell.ratio.high,
      cell.ratio.n,
      timeVerdict(cell.ratio, labels),
    ]),
  );
  return {
    id: "fold",
    title,
    note: fill(labels.foldNote, equal, total),
    description: title,
    table: () => ({
      columns: [
        { name: labels.against },
        { name: labels.lengthTokens },
        { name: labels.batchSize },
        { name: labels.timesOther, show },
        { name: labels.low, show },
        { name: labels.high, show },
        { name: "n" },
        { name: labels.verdict },
      ],
      rows,
    }),
  };
}
