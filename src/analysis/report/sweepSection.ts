import { flatten } from "../../base/keyPath.ts";
import { judgedSweep } from "../../figure/sweep/judgedSweep.ts";
import { sweepFigures } from "../../figure/sweep/sweepFigures.ts";
import { sweepResults } from "../../record/sweepResults.ts";
import type { Block } from "./blocks.ts";
import { figureBlock, LABELS } from "./figureBlock.ts";
import type { ReportedRun } from "./reportedRun.ts";

/**
 * The figures of runs that differ in their settings; none where they do not, or are too few.
 * @param among the beginning of the figures' names
 */
export function sweepSection(runs: readonly ReportedRun[], among: string): Block[] {
  const stored = runs.map(({ id, record, experiment, ended }) => ({
    id,
    record,
    settings: flatten(experiment),
    ended,
  }));
  const figures = sweepFigures(judgedSweep(sweepResults(stored)), LABELS);
  if (figures.length === 0) return [];
  return [
    { kind: "heading", level: 3, text: "Settings and results" },
    ...figures.map((spec) => figureBlock(spec, runs, among)),
  ];
}
