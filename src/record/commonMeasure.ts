import type { Selection } from "../experiment/selection.ts";
import { leadingMetric, LOSS } from "./metricText.ts";
import type { Evaluation } from "./record.ts";

/** A run's rule of selection, and the evaluation on validation that it chose. */
interface Judged {
  selection: Selection | undefined;
  chosen: Evaluation | undefined;
}

/** What all runs can be judged by on validation: their common rule, else the task's own metric, else the loss. */
export function commonMeasure(runs: readonly Judged[]): string {
  const rules = new Set(runs.map(({ selection }) => selection));
  const [rule] = rules;
  if (rules.size === 1 && rule === "loss") return LOSS;
  if (rules.size === 1 && rule === "accuracy") return "accuracy";
  return (
    runs.map(({ chosen }) => leadingMetric(chosen?.metrics ?? {})?.name).find((name) => name !== undefined) ?? LOSS
  );
}
