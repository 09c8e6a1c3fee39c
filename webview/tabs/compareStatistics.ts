import type { Figure, FigureContext } from "../figure.ts";
import { costFigure, pairFigure, scaleOf, seedsFigure } from "../../src/figure/comparisonFigures.ts";
import type { RunComparison } from "../../src/protocol/results/comparison.ts";
import { specFigure } from "./specFigure.ts";

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
  const { labels } = context;
  const scale = scaleOf(metric, correlation);
  const seeds = seedsFigure(rows, scale, labels);
  const cost = costFigure(rows, scale, labels);
  return [
    specFigure({ ...seeds, note: [seeds.note, ...warnings].join(" ") }, context),
    ...(cost === undefined ? [] : [specFigure(cost, context)]),
    ...(pairs.length === 0
      ? []
      : [specFigure(pairFigure(pairs, { nameOf, reference: nameOf(reference) }, labels), context)]),
  ];
}
