import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec, LinesPlot, Point } from "../figureSpec.ts";
import { fill } from "../valueText.ts";
import { isBetter, judgedNote, sweepMeasure, type JudgedRun, type JudgedSweep } from "./judgedSweep.ts";

/** The best validation measure so far, run by run in the order in which the runs finished. */
export function bestSoFarFigure(
  sweep: JudgedSweep,
  chosen: ReadonlySet<string> | undefined,
  labels: Labels,
): FigureSpec<LinesPlot> {
  const measure = sweepMeasure(sweep, "validation", labels);
  const { factor, show } = measure;
  const runs = [...sweep.runs].sort(
    (a, b) => (a.ended ?? Infinity) - (b.ended ?? Infinity) || Number(a.id > b.id) - Number(a.id < b.id),
  );
  let best: JudgedRun | undefined;
  const rows = runs.map((run, i) => {
    if (best === undefined || isBetter(sweep, run.validation, best.validation)) best = run;
    return { order: i + 1, run, best };
  });
  const steps = rows.flatMap(({ order, best: { validation } }, i): Point[] => {
    const before = rows[i - 1]?.best.validation;
    const at = { x: order, y: factor * validation };
    return before === undefined || before === validation ? [at] : [{ x: order, y: factor * before }, at];
  });
  const dots = rows.map(({ order, run: { id, validation } }) => ({ id, x: order, y: factor * validation }));
  const selected = dots.filter(({ id }) => chosen?.has(id) === true);
  return {
    id: "best-so-far",
    title: labels.bestSoFarTitle,
    note: [labels.bestSoFarNote, judgedNote(sweep, labels)].join(" "),
    description:
      best === undefined ? labels.none : fill(labels.bestSoFarOf, show(best.validation), best.name, runs.length),
    plot: {
      kind: "lines",
      x: { title: labels.finishedRuns, scale: "linear" },
      y: { title: measure.title, scale: "linear" },
      series: [
        {
          name: labels.bestSoFar,
          style: 0,
          look: "line",
          points: steps,
          dots: dots.map(({ x, y }) => ({ x, y })),
        },
        ...(selected.length === 0
          ? []
          : [
              {
                name: labels.chosenRuns,
                style: 1,
                look: "marks" as const,
                points: selected.map(({ x, y }) => ({ x, y })),
              },
            ]),
      ],
    },
    table: () => ({
      columns: [
        { name: labels.finishedRuns },
        { name: labels.run },
        { name: measure.name, show },
        { name: labels.bestSoFar, show },
        { name: labels.bestRun },
      ],
      rows: rows.map(({ order, run, best: { validation, name } }) => [
        order,
        run.name,
        run.validation,
        validation,
        name,
      ]),
    }),
  };
}
