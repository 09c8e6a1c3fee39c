import { LOSS } from "../record/metricText.ts";
import type { Labels } from "../protocol/pageLabels.ts";
import type { ComparisonRow, Pair } from "../protocol/results/comparison.ts";
import type { SeedSummary } from "../protocol/results/intervals.ts";
import type { FigureSpec, IntervalRow, IntervalsPlot, LinesPlot } from "./figureSpec.ts";
import type { TableCell, TableData } from "./tableText.ts";
import { fill, percent, pValueText, signedPoints } from "./valueText.ts";

/** How the compared metric is shown: a correlation as a number from -1 to 1, a loss in nats, a share in percent. */
export interface MetricScale {
  readonly name: string;
  readonly title: string;
  readonly factor: number;
  readonly show: (value: number) => string;
}

const number = (value: number): string => value.toFixed(3).replace("-", "−");

/** @param name "loss" of a task that is judged by it, else that of a metric */
export function scaleOf(name: string, correlation: boolean): MetricScale {
  if (name === LOSS) return { name, title: `${name} (nats)`, factor: 1, show: number };
  return correlation
    ? { name, title: name, factor: 1, show: number }
    : { name, title: `${name} (%)`, factor: 100, show: (value) => percent(value) };
}

type TestedRow = ComparisonRow & { test: SeedSummary };
const testedOf = (rows: readonly ComparisonRow[]): TestedRow[] =>
  rows.filter((row): row is TestedRow => row.test !== undefined);

/** The ends of a summary's interval in the unit of an axis; of one seed there are none. */
const endsOf = ({ interval }: SeedSummary, factor: number): { low?: number; high?: number } =>
  interval === undefined || !interval.every((end) => Number.isFinite(end))
    ? {}
    : { low: factor * interval[0], high: factor * interval[1] };

/** The test metric of each row over its seeds: mean, t-interval, and a dot for each seed, a column of its file. */
export function seedsFigure(
  given: readonly ComparisonRow[],
  { name: metric, title, factor, show }: MetricScale,
  labels: Labels,
): FigureSpec<IntervalsPlot> {
  const rows = testedOf(given);
  const seeds = rows.map(({ label, test, values }): IntervalRow => ({
    label,
    value: factor * test.mean,
    ...endsOf(test, factor),
    dots: values.length > 1 ? values.map((x) => factor * x) : [],
  }));
  const table = (): TableData => ({
    columns: [
      { name: labels.model },
      { name: labels.parameters },
      { name: metric, show },
      { name: labels.low, show },
      { name: labels.high, show },
      { name: labels.seeds },
    ],
    rows: rows.map(({ label, trainable, test, seeds: own }) => [
      label,
      trainable,
      test.mean,
      test.interval?.[0],
      test.interval?.[1],
      own.length,
    ]),
  });
  return {
    id: "seeds",
    title: fill(labels.seedsTitle, metric),
    note: labels.seedsNote,
    description: rows.map(({ label, test }) => `${label}: ${show(test.mean)}`).join("; "),
    plot: { kind: "intervals", x: title, zero: false, groups: [{ name: metric, rows: seeds }] },
    table,
    numbers: () => {
      const { columns, rows: cells } = table();
      const names = [...new Set(rows.flatMap((row) => row.seeds))].sort((a, b) => a - b);
      return {
        columns: [...columns, ...names.map((seed) => ({ name: `${labels.seed} ${seed}`, show }))],
        rows: rows.map((row, i) => [...cells[i]!, ...names.map((seed) => row.values[row.seeds.indexOf(seed)])]),
      };
    },
  };
}

/**
 * The result over the number of trainable parameters, a point for each method or setting; undefined where all have the
 * same number.
 */
export function costFigure(
  given: readonly ComparisonRow[],
  { name: metric, title, factor, show }: MetricScale,
  labels: Labels,
): FigureSpec<LinesPlot> | undefined {
  const rows = testedOf(given).filter(({ trainable }) => trainable !== undefined);
  if (new Set(rows.map(({ trainable }) => trainable)).size < 2) return undefined;
  return {
    id: "cost",
    title: labels.costTitle,
    note: labels.seedsNote,
    description: labels.costTitle,
    plot: {
      kind: "lines",
      x: { title: labels.parameters, scale: "logarithmic" },
      y: { title, scale: "linear" },
      series: rows.map(({ label, trainable, test }, style) => ({
        name: label,
        style,
        look: "marks",
        points: [
          {
            x: trainable!,
            y: factor * test.mean,
            ...endsOf(test, factor),
          },
        ],
      })),
    },
    table: () => ({
      columns: [
        { name: labels.model },
        { name: labels.parameters },
        { name: metric, show },
        { name: labels.low, show },
        { name: labels.high, show },
      ],
      rows: rows.map(({ label, trainable, test }) => [
        label,
        trainable,
        test.mean,
        test.interval?.[0],
        test.interval?.[1],
      ]),
    }),
  };
}

/** Each run against the reference on the same test examples; without a plot where none could be compared. */
export function pairFigure(
  pairs: readonly Pair[],
  { nameOf, reference }: { nameOf: (id: string) => string; reference: string },
  labels: Labels,
): FigureSpec<IntervalsPlot> {
  const known = pairs.flatMap(({ id, difference }) => (difference === undefined ? [] : [{ id, difference }]));
  const rows = known.map(({ id, difference: { right } }) => ({
    label: nameOf(id),
    value: 100 * right.difference,
    low: 100 * right.interval[0],
    high: 100 * right.interval[1],
  }));
  return {
    id: "pairs",
    title: fill(labels.pairsTitle, reference),
    note: fill(labels.bootstrapNote, known[0]?.difference.n ?? 0),
    description: known
      .map(({ id, difference: { right } }) => `${nameOf(id)}: ${signedPoints(right.difference)}`)
      .join("; "),
    ...(known.length > 0 && {
      plot: { kind: "intervals", x: labels.pointsUnit, zero: true, groups: [{ name: reference, rows }] },
    }),
    table: () => pairTable(pairs, nameOf, labels),
  };
}

function pairTable(pairs: readonly Pair[], nameOf: (id: string) => string, labels: Labels): TableData {
  const show = (x: number): string => signedPoints(x / 100);
  const reasonText = (reason: string | undefined): string =>
    reason === "untested" ? labels.untested : labels.otherExamples;
  return {
    columns: [
      { name: labels.run },
      { name: labels.difference, unit: labels.pointsUnit, show },
      { name: labels.low, unit: labels.pointsUnit, show },
      { name: labels.high, unit: labels.pointsUnit, show },
      { name: labels.pHolm, show: pValueText },
      { name: "n" },
      { name: labels.verdict },
    ],
    rows: pairs.map(({ id, difference, holmP, reason }): TableCell[] => {
      if (difference === undefined)
        return [nameOf(id), undefined, undefined, undefined, undefined, undefined, reasonText(reason)];
      const { n, right } = difference;
      return [
        nameOf(id),
        100 * right.difference,
        100 * right.interval[0],
        100 * right.interval[1],
        holmP,
        n,
        right.found ? labels.different : fill(labels.notFound, (100 * right.detectable).toFixed(1)),
      ];
    }),
  };
}
