import type { Selection } from "../experiment/selection.ts";
import { leadingMetric } from "./metricText.ts";
import type { Evaluation, RunRecord } from "./record.ts";

/** The evaluation on the validation split that chose the run's checkpoint; undefined without a validation split. */
export const choosingEvaluation = ({ evaluations, bestStep }: RunRecord): Evaluation | undefined =>
  evaluations.findLast(({ split, step }) => split === "validation" && step === bestStep);

/**
 * The run's best score on validation by its own selection rule, larger is better; undefined without a validation split.
 */
export function validationScore(record: RunRecord, selection: Selection): number | undefined {
  const best = choosingEvaluation(record);
  if (best === undefined) return undefined;
  if (selection === "loss") return -best.loss;
  return selection === "accuracy" ? best.metrics["accuracy"] : leadingMetric(best.metrics)?.value;
}
