import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec, ParallelAxis, ParallelPlot } from "../figureSpec.ts";
import type { TableCell, TableData } from "../tableText.ts";
import { fill } from "../valueText.ts";
import {
  byEnd,
  isBetter,
  judgedNote,
  sweepMeasure,
  type JudgedRun,
  type JudgedSweep,
  type SweepMeasure,
} from "./judgedSweep.ts";
import { settingAxis, valueText, type VariedSetting } from "./variedSettings.ts";

/** The share of the runs that stand out as the best. */
const TOP = 0.1;

const axisOf = (setting: VariedSetting): ParallelAxis =>
  setting.scale === undefined
    ? { title: setting.name, names: setting.values.map(String) }
    : settingAxis(setting, setting.name);

/** A line for each run over its settings and its validation measure. */
export function parallelFigure(
  sweep: JudgedSweep,
  settings: readonly VariedSetting[],
  labels: Labels,
): FigureSpec<ParallelPlot> {
  const measure = sweepMeasure(sweep, "validation", labels);
  const test = sweepMeasure(sweep, "test", labels);
  // Of equally good runs the first to finish is the best, as it is the best so far.
  const runs = [...sweep.runs].sort(
    (a, b) =>
      Number(isBetter(sweep, a.validation, b.validation)) - Number(isBetter(sweep, b.validation, a.validation)) ||
      byEnd(b, a),
  );
  const top = Math.ceil(TOP * runs.length);
  const best = runs.at(-1);
  const hidden = sweep.settings.length - settings.length;
  return {
    id: "parallel",
    title: labels.parallelTitle,
    note: [
      labels.parallelNote,
      ...(hidden > 0 ? [fill(labels.moreSettings, hidden)] : []),
      judgedNote(sweep, labels),
    ].join(" "),
    description:
      best === undefined
        ? labels.none
        : fill(
            labels.parallelOf,
            runs.length,
            best.name,
            measure.show(best.validation),
            settings.map(({ name, of }) => `${name} ${told(of.get(best.id), labels)}`).join(", "),
          ),
    plot: {
      kind: "parallel",
      axes: [...settings.map(axisOf), { title: measure.title, scale: "linear" }],
      // The better a run, the later it is drawn, over the others.
      lines: runs.map((run, i) => ({
        id: run.id,
        name: run.name,
        values: [...settings.map(({ of }) => of.get(run.id)), measure.factor * run.validation],
        rank: rankOf(runs.length - 1 - i, top),
      })),
      none: labels.none,
    },
    table: () => parallelTable({ runs, settings, measures: [measure, test] }, labels),
  };
}

/** Every run with its settings and both measures, the best first. */
function parallelTable(
  {
    runs,
    settings,
    measures,
  }: { runs: readonly JudgedRun[]; settings: readonly VariedSetting[]; measures: readonly SweepMeasure[] },
  labels: Labels,
): TableData {
  return {
    columns: [
      { name: labels.run },
      ...settings.map(({ key, values }) => ({ name: key, show: (value: number) => valueText(value, values) })),
      { name: labels.seed },
      ...measures.map(({ name, show }) => ({ name, show })),
    ],
    rows: [...runs]
      .reverse()
      .map((run): TableCell[] => [
        run.name,
        ...settings.map(({ of }) => of.get(run.id)),
        run.seed,
        ...measures.map(({ of }) => of(run)),
      ]),
  };
}

const told = (value: number | string | undefined, { none }: Labels): string =>
  value === undefined ? none : valueText(value);

/** @param place of the run from the best, which is 0 */
function rankOf(place: number, top: number): "best" | "top" | "other" {
  if (place === 0) return "best";
  return place < top ? "top" : "other";
}
