import { IntervalChart, type IntervalRow } from "../chart/intervalChart.ts";
import { LineChart } from "../chart/lineChart.ts";
import { Figure, type FigureContext } from "../figure.ts";
import type { ComparisonRow, Pair, RunComparison } from "../../src/protocol/results/comparison.ts";
import type { SeedSummary } from "../../src/protocol/results/intervals.ts";
import type { TableCell, TableData } from "../tableText.ts";
import { fill, percent, pValueText, signedPoints } from "../text.ts";

/** A row of the comparison whose runs were tested. */
type TestedRow = ComparisonRow & { test: SeedSummary };

/** How the compared metric is shown: a correlation as a number from -1 to 1, a share in percent. */
interface MetricScale {
  readonly name: string;
  readonly title: string;
  readonly factor: number;
  readonly show: (value: number) => string;
}

function scaleOf(name: string, correlation: boolean): MetricScale {
  return correlation
    ? { name, title: name, factor: 1, show: (value) => value.toFixed(3) }
    : { name, title: `${name} (%)`, factor: 100, show: (value) => percent(value) };
}

/** The texts of a comparison: how its metric is shown, and the name of each run by its id. */
export interface ComparisonTexts {
  readonly correlation: boolean;
  readonly nameOf: (id: string) => string;
}

/** The figures of a comparison: results over seeds, parameters and result, each run against the first. */
export function statisticsFigures(
  { comparison: { metric, rows, warnings }, pairs, reference }: RunComparison,
  { correlation, nameOf }: ComparisonTexts,
  context: FigureContext,
): Figure[] {
  const scale = scaleOf(metric, correlation);
  const tested = rows.filter((row): row is TestedRow => row.test !== undefined);
  return [
    seedsFigure(tested, warnings, scale, context),
    ...costFigure(tested, scale, context),
    ...(pairs.length === 0 ? [] : [pairFigure(pairs, nameOf, nameOf(reference), context)]),
  ];
}

function seedsFigure(
  rows: readonly TestedRow[],
  warnings: readonly string[],
  { name: metric, title, factor, show }: MetricScale,
  context: FigureContext,
): Figure {
  const { labels } = context;
  const seeds = rows.map(({ label, test, values }): IntervalRow => ({
    label,
    value: factor * test.mean,
    low: test.interval && factor * test.interval[0],
    high: test.interval && factor * test.interval[1],
    dots: values.length > 1 ? values.map((x) => factor * x) : [],
  }));
  const chart = new IntervalChart([{ name: metric, rows: seeds }], { xTitle: title, zero: false }, context.theme());
  chart.describe(seeds.map(({ label, value }) => `${label}: ${value.toFixed(1)}`).join("; "));
  const data = (): TableData => ({
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
  const note = [labels.seedsNote, ...warnings].join(" ");
  return new Figure({ id: "seeds", title: fill(labels.seedsTitle, metric), note, drawing: chart, data }, context);
}

/**
 * The result over the number of trainable parameters, a point for each method or setting; empty where all have the
 * same number.
 */
function costFigure(
  rows: readonly TestedRow[],
  { name: metric, factor }: MetricScale,
  context: FigureContext,
): Figure[] {
  const { labels } = context;
  const known = rows.filter(({ trainable }) => trainable !== undefined);
  if (new Set(known.map(({ trainable }) => trainable)).size < 2) return [];
  const chart = new LineChart(
    { xTitle: labels.parameters, yTitle: metric, scale: "linear", xScale: "logarithmic" },
    context.theme(),
  );
  for (const { label, trainable, test } of known)
    chart.append(
      label,
      [
        {
          x: trainable!,
          y: factor * test.mean,
          low: test.interval && factor * test.interval[0],
          high: test.interval && factor * test.interval[1],
        },
      ],
      { marks: true, alone: true },
    );
  chart.draw(labels.costTitle);
  const data = (): TableData => ({
    columns: [{ name: labels.model }, { name: labels.parameters }, { name: metric }],
    rows: known.map(({ label, trainable, test }) => [label, trainable, test.mean]),
  });
  return [new Figure({ id: "cost", title: labels.costTitle, note: labels.seedsNote, drawing: chart, data }, context)];
}

function pairFigure(
  pairs: readonly Pair[],
  nameOf: (id: string) => string,
  reference: string,
  context: FigureContext,
): Figure {
  const { labels } = context;
  const known = pairs.flatMap(({ id, difference }) => (difference === undefined ? [] : [{ id, difference }]));
  const rows = known.map(({ id, difference: { right } }) => ({
    label: nameOf(id),
    value: 100 * right.difference,
    low: 100 * right.interval[0],
    high: 100 * right.interval[1],
  }));
  const chart = new IntervalChart(
    [{ name: reference, rows }],
    { xTitle: labels.pointsUnit, zero: true },
    context.theme(),
  );
  chart.describe(
    known.map(({ id, difference: { right } }) => `${nameOf(id)}: ${signedPoints(right.difference)}`).join("; "),
  );
  return new Figure(
    {
      id: "pairs",
      title: fill(labels.pairsTitle, reference),
      note: fill(labels.bootstrapNote, known[0]?.difference.n ?? 0),
      drawing: known.length === 0 ? undefined : chart,
      data: () => pairTable(pairs, nameOf, context),
    },
    context,
  );
}

function pairTable(pairs: readonly Pair[], nameOf: (id: string) => string, { labels }: FigureContext): TableData {
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
