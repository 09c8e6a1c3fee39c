import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec, IntervalsPlot } from "../figureSpec.ts";
import { fill, percent } from "../valueText.ts";
import { LEAST_RUNS, type Importance } from "./importance.ts";
import { judgedNote, type JudgedSweep } from "./judgedSweep.ts";

/** How much of the variance of the validation measure each setting accounts for; without a plot where none is told. */
export function importanceFigure(
  sweep: JudgedSweep,
  given: readonly Importance[],
  labels: Labels,
): FigureSpec<IntervalsPlot> {
  const told = given.flatMap((each) => (each.share === undefined ? [] : [{ ...each, share: each.share }]));
  const show = (share: number): string => percent(share);
  const rows = told.map(({ setting, share, low, high, chance }) => ({
    label: setting.name,
    value: 100 * share,
    low: low === undefined ? undefined : 100 * low,
    high: high === undefined ? undefined : 100 * high,
    dots: chance === undefined ? [] : [100 * chance],
  }));
  return {
    id: "importance",
    title: labels.importanceTitle,
    note: [fill(labels.importanceNote, LEAST_RUNS), judgedNote(sweep, labels)].join(" "),
    description:
      told.length === 0
        ? labels.tooFewRuns
        : told.map(({ setting, share }) => `${setting.name}: ${show(share)}`).join("; "),
    ...(rows.length > 0 && {
      plot: {
        kind: "intervals",
        x: labels.shareOfVariance,
        zero: true,
        groups: [{ name: labels.shareOfVariance, rows }],
      },
    }),
    table: () => ({
      columns: [
        { name: labels.setting },
        { name: labels.shareOfVariance, show },
        { name: labels.low, show },
        { name: labels.high, show },
        { name: labels.byChance, show },
        { name: labels.runs },
        { name: labels.groups },
        { name: labels.verdict },
      ],
      rows: given.map(({ setting, share, low, high, chance, runs, groups }) => [
        setting.key,
        share,
        low,
        high,
        chance,
        runs,
        groups,
        verdictOf({ share, chance }, labels),
      ]),
    }),
  };
}

function verdictOf({ share, chance }: Pick<Importance, "share" | "chance">, labels: Labels): string {
  if (share === undefined) return labels.tooFewRuns;
  return chance !== undefined && share > chance ? labels.beyondChance : labels.withinChance;
}
