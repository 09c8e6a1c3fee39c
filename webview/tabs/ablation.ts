import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { IntervalChart, type IntervalRow } from "../chart/intervalChart.ts";
import type { TableData } from "../tableText.ts";
import { fill, percent, signedPoints, pValueText } from "../text.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { Ablation } from "../../src/protocol/results/ablation.ts";
import type { Specificity } from "../../src/protocol/results/specificity.ts";

type Case = Ablation["cases"][number];
type Specific = Specificity["cases"][number];

/** The ablation tab: post-hoc results only; retrained ablations are compared in the compare tab. */
export function ablationSpec(context: FigureContext): AnalysisTabSpec {
  const { labels } = context;
  return {
    analyses: [
      ["ablation", labels.ablation],
      ["specificity", labels.specificity],
    ],
    figures: (name, result) =>
      name === "ablation"
        ? ablationFigures(result as Ablation, context)
        : specificityFigures(result as Specificity, context),
  };
}

const rowOf = ({ label, versus }: { label: string; versus: Case["versus"] }): IntervalRow => ({
  label,
  value: 100 * versus.right.difference,
  low: 100 * versus.right.interval[0],
  high: 100 * versus.right.interval[1],
});

/**
 * Words for a difference: its value with the interval, or that none was found, with the size that would have been
 * detectable.
 */
function verdict({ right }: Case["versus"], { labels }: FigureContext): string {
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

function tableOf(
  full: Ablation["full"],
  cases: readonly (Case & { group?: string })[],
  context: FigureContext,
): TableData {
  const { labels } = context;
  const metric = Object.keys(full.metrics)[0] ?? "accuracy";
  return {
    columns: [
      { name: labels.altered },
      { name: metric, show: percent },
      { name: labels.difference, unit: labels.pointsUnit, show: (x) => signedPoints(x / 100) },
      { name: labels.low, unit: labels.pointsUnit, show: (x) => signedPoints(x / 100) },
      { name: labels.high, unit: labels.pointsUnit, show: (x) => signedPoints(x / 100) },
      { name: labels.pHolm, show: pValueText },
      { name: labels.flips, show: percent },
      { name: labels.lossDifference, unit: "nats", show: (x) => x.toFixed(3) },
      { name: labels.verdict },
    ],
    rows: [
      [full.label, full.metrics[metric]],
      ...cases.map(({ label, metrics, versus, holmP }) => [
        label,
        metrics[metric],
        100 * versus.right.difference,
        100 * versus.right.interval[0],
        100 * versus.right.interval[1],
        holmP,
        versus.flips,
        versus.loss.difference,
        verdict(versus, context),
      ]),
    ],
  };
}

function ablationFigures({ full, cases, unseen }: Ablation, context: FigureContext): Figure[] {
  const { labels } = context;
  const n = cases[0]?.versus.n ?? 0;
  const chart = new IntervalChart(
    [{ name: labels.posthoc, rows: cases.map(rowOf) }],
    { xTitle: labels.pointsAgainst, zero: true },
    context.theme(),
  );
  chart.describe(cases.map(({ label, versus }) => `${label}: ${verdict(versus, context)}`).join("; "));
  const split: TableData = {
    columns: [
      { name: labels.altered },
      { name: fill(labels.seenTexts, unseen.seen), show: percent },
      { name: fill(labels.unseenTexts, unseen.unseen), show: percent },
    ],
    rows: unseen.rows.map(({ label, seen, unseen: other }) => [label, seen, other]),
  };
  return [
    new Figure(
      {
        id: "ablation",
        title: labels.ablationTitle,
        note: fill(labels.bootstrapNote, n),
        drawing: chart,
        data: () => tableOf(full, cases, context),
      },
      context,
    ),
    new Figure({ id: "unseen", title: labels.unseenTitle, note: labels.unseenNote, data: () => split }, context),
  ];
}

function specificityFigures({ full, cases, index, explained, draws }: Specificity, context: FigureContext): Figure[] {
  const { labels } = context;
  const n = cases[0]?.versus.n ?? 0;
  // The draws of one permutation test are shown as dots around their mean.
  const grouped = new Map<string, Specific[]>();
  for (const each of cases) grouped.set(each.group, [...(grouped.get(each.group) ?? []), each]);
  const rows = [...grouped.values()].map((own): IntervalRow => {
    const [first] = own;
    const drawn = draws.find(({ group }) => group === first?.group);
    if (first === undefined || own.length === 1 || drawn === undefined) return rowOf(own[0]!);
    const { mean, interval } = drawn.right;
    return {
      label: first.label.replace(/, draw \d+$/, ""),
      value: 100 * mean,
      low: interval && 100 * interval[0],
      high: interval && 100 * interval[1],
      dots: own.map(({ versus }) => 100 * versus.right.difference),
    };
  });
  const chart = new IntervalChart(
    [{ name: labels.posthoc, rows }],
    { xTitle: labels.pointsAgainst, zero: true },
    context.theme(),
  );
  chart.describe(rows.map(({ label, value }) => `${label}: ${value.toFixed(1)}`).join("; "));
  const facts = [
    index === undefined ? "" : fill(labels.specificityIndex, index.toFixed(3)),
    explained === undefined ? labels.noShare : fill(labels.shareExplained, percent(explained, 0)),
  ]
    .filter((text) => text !== "")
    .join(" ");
  return [
    new Figure(
      {
        id: "specificity",
        wide: true,
        title: labels.specificityTitle,
        note: `${fill(labels.bootstrapNote, n)} ${labels.drawsNote}`,
        drawing: chart,
        data: () => tableOf(full, cases, context),
        extra: [el("p", facts)],
      },
      context,
    ),
  ];
}
