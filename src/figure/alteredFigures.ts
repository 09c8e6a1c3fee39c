import type { Labels } from "../protocol/pageLabels.ts";
import type { Ablation } from "../protocol/results/ablation.ts";
import type { AlteredOutcome, Difference } from "../protocol/results/outcome.ts";
import type { Specificity } from "../protocol/results/specificity.ts";
import type { FigureSpec, IntervalRow, IntervalsPlot, TableSpec } from "./figureSpec.ts";
import type { TableData } from "./tableText.ts";
import { fill, percent, pValueText, signedPoints } from "./valueText.ts";

const rowOf = ({ label, versus: { right } }: AlteredOutcome): IntervalRow => ({
  label,
  value: 100 * right.difference,
  low: 100 * right.interval[0],
  high: 100 * right.interval[1],
});

/**
 * Words for a difference: its value with the interval, or that none was found, with the size that would have been
 * detectable.
 */
function verdict({ right }: Pick<Difference, "right">, labels: Labels): string {
  if (right.interval[0] === right.interval[1] && right.difference === 0) return labels.noChange;
  return right.found
    ? fill(
        labels.found,
        signedPoints(right.difference),
        signedPoints(right.interval[0]),
        signedPoints(right.interval[1]),
      )
    : fill(labels.notFound, (100 * right.detectable).toFixed(1));
}

function tableOf(full: Ablation["full"], cases: readonly AlteredOutcome[], labels: Labels): TableData {
  const metric = Object.keys(full.metrics)[0] ?? "accuracy";
  const show = (x: number): string => signedPoints(x / 100);
  return {
    columns: [
      { name: labels.altered },
      { name: metric, show: percent },
      { name: labels.difference, unit: labels.pointsUnit, show },
      { name: labels.low, unit: labels.pointsUnit, show },
      { name: labels.high, unit: labels.pointsUnit, show },
      { name: labels.pHolm, show: pValueText },
      { name: labels.flips, show: percent },
      { name: labels.lossDifference, unit: "nats", show: (x) => x.toFixed(3).replace("-", "−") },
      { name: labels.verdict },
    ],
    rows: [
      [full.label, full.metrics[metric], ...Array.from({ length: 7 }, () => undefined)],
      ...cases.map(({ label, metrics, versus, holmP }) => [
        label,
        metrics[metric],
        100 * versus.right.difference,
        100 * versus.right.interval[0],
        100 * versus.right.interval[1],
        holmP,
        versus.flips,
        versus.loss.difference,
        verdict(versus, labels),
      ]),
    ],
  };
}

const plotOf = (rows: readonly IntervalRow[], labels: Labels): IntervalsPlot => ({
  kind: "intervals",
  x: labels.pointsAgainst,
  zero: true,
  groups: [{ name: labels.posthoc, rows }],
});

/** Components taken away after training: the differences of the share right, in percentage points. */
export function ablationFigure({ full, cases }: Ablation, labels: Labels): FigureSpec<IntervalsPlot> {
  return {
    id: "ablation",
    title: labels.ablationTitle,
    note: fill(labels.bootstrapNote, cases[0]?.versus.n ?? 0),
    description: cases.map(({ label, versus }) => `${label}: ${verdict(versus, labels)}`).join("; "),
    plot: plotOf(cases.map(rowOf), labels),
    table: () => tableOf(full, cases, labels),
  };
}

/** The share right on texts with and without tokens that training has not; a table alone. */
export function unseenFigure({ unseen }: Ablation, labels: Labels): TableSpec {
  return {
    id: "unseen",
    title: labels.unseenTitle,
    note: labels.unseenNote,
    description: labels.unseenTitle,
    table: () => ({
      columns: [
        { name: labels.altered },
        { name: fill(labels.seenTexts, unseen.seen), show: percent },
        { name: fill(labels.unseenTexts, unseen.unseen), show: percent },
      ],
      rows: unseen.rows.map(({ label, seen, unseen: other }) => [label, seen, other]),
    }),
  };
}

/** Offsets replaced after training. The draws of one permutation test are dots around their mean. */
export function specificityFigure({ full, cases, draws }: Specificity, labels: Labels): FigureSpec<IntervalsPlot> {
  const groups = [...new Set(cases.map(({ group }) => group))];
  const rows = groups.map((group): IntervalRow => {
    const own = cases.filter((each) => each.group === group);
    const drawn = draws.find((each) => each.group === group);
    const first = own[0]!;
    if (own.length === 1 || drawn === undefined) return rowOf(first);
    const { mean, interval } = drawn.right;
    return {
      label: first.label.replace(/, draw \d+$/, ""),
      value: 100 * mean,
      low: interval && 100 * interval[0],
      high: interval && 100 * interval[1],
      dots: own.map(({ versus }) => 100 * versus.right.difference),
    };
  });
  const table = (): TableData => tableOf(full, cases, labels);
  return {
    id: "specificity",
    title: labels.specificityTitle,
    note: `${fill(labels.bootstrapNote, cases[0]?.versus.n ?? 0)} ${labels.drawsNote}`,
    description: rows.map(({ label, value }) => `${label}: ${value.toFixed(1)}`).join("; "),
    plot: plotOf(rows, labels),
    table,
    // The means over draws are no cases: the file has them, too.
    numbers: () => {
      const { columns, rows: own } = table();
      const means = rows.filter(({ dots = [] }) => dots.length > 0);
      return {
        columns,
        rows: [...own, ...means.map(({ label, value, low, high }) => [label, undefined, value, low, high])],
      };
    },
  };
}

/** What the specificity analysis says in words: the index, and the explained share of the gain where there is one. */
export const specificityText = ({ index, explained }: Specificity, labels: Labels): string =>
  [
    index === undefined ? "" : fill(labels.specificityIndex, index.toFixed(3)),
    explained === undefined ? labels.noShare : fill(labels.shareExplained, percent(explained, 0)),
  ]
    .filter((text) => text !== "")
    .join(" ");
