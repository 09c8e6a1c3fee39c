import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec, LinesPlot, Point } from "../figureSpec.ts";
import { fill } from "../valueText.ts";
import { byEnd, isBetter, judgedNote, sweepMeasure, type JudgedRun, type JudgedSweep } from "./judgedSweep.ts";

/** A finished run, its number, and the best run until then. */
interface Finished {
  order: number;
  run: JudgedRun;
  best: JudgedRun;
}

function finishedRuns(sweep: JudgedSweep): Finished[] {
  const runs = [...sweep.runs].sort(byEnd);
  let best: JudgedRun | undefined;
  return runs.map((run, i) => {
    if (best === undefined || isBetter(sweep, run.validation, best.validation)) best = run;
    return { order: i + 1, run, best };
  });
}

function plotOf(
  rows: readonly Finished[],
  { factor, title, chosen }: { factor: number; title: string; chosen: ReadonlySet<string> | undefined },
  labels: Labels,
): LinesPlot {
  const steps = rows.flatMap(({ order, best: { validation } }, i): Point[] => {
    const before = rows[i - 1]?.best.validation;
    const at = { x: order, y: factor * validation };
    return before === undefined || before === validation ? [at] : [{ x: order, y: factor * before }, at];
  });
  const dotOf = ({ order, run: { validation } }: Finished): Point => ({ x: order, y: factor * validation });
  const selected = rows.filter(({ run: { id } }) => chosen?.has(id) === true).map(dotOf);
  return {
    kind: "lines",
    x: { title: labels.finishedRuns, scale: "linear" },
    y: { title, scale: "linear" },
    series: [
      { name: labels.bestSoFar, style: 0, look: "line", points: steps, dots: rows.map(dotOf) },
      ...(selected.length === 0
        ? []
        : [{ name: labels.chosenRuns, style: 1, look: "marks" as const, points: selected }]),
    ],
  };
}

/** The best validation measure so far, run by run in the order in which the runs finished. */
export function bestSoFarFigure(
  sweep: JudgedSweep,
  chosen: ReadonlySet<string> | undefined,
  labels: Labels,
): FigureSpec<LinesPlot> {
  const { factor, show, title, name } = sweepMeasure(sweep, "validation", labels);
  const rows = finishedRuns(sweep);
  const best = rows.at(-1)?.best;
  return {
    id: "best-so-far",
    title: labels.bestSoFarTitle,
    note: [labels.bestSoFarNote, judgedNote(sweep, labels)].join(" "),
    description:
      best === undefined ? labels.none : fill(labels.bestSoFarOf, show(best.validation), best.name, rows.length),
    plot: plotOf(rows, { factor, title, chosen }, labels),
    table: () => ({
      columns: [
        { name: labels.finishedRuns },
        { name: labels.run },
        { name, show },
        { name: labels.bestSoFar, show },
        { name: labels.bestRun },
      ],
      rows: rows.map((row) => [row.order, row.run.name, row.run.validation, row.best.validation, row.best.name]),
    }),
  };
}
