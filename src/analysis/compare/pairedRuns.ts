import type { Prediction } from "../../training/evaluation.ts";
import { compareRuns, type ComparedRun } from "./compareRuns.ts";
import { differenceOf } from "./difference.ts";
import { corrected } from "../statistics/corrections.ts";
import type { Pair, RunComparison } from "../../protocol/results/comparison.ts";

/** A compared run with its trained model's predictions on the test split; undefined where it was not tested. */
export interface TestedRun extends ComparedRun {
  predictions: readonly Prediction[] | undefined;
}

const sameExamples = (a: readonly Prediction[], b: readonly Prediction[]): boolean =>
  a.length === b.length && a.every(({ input, target }, i) => input === b[i]!.input && target === b[i]!.target);
const asResult = (predictions: readonly Prediction[]): Parameters<typeof differenceOf>[0] => ({
  loss: 0,
  metrics: {},
  predictions: [...predictions],
});

/**
 * Compares runs over their seeds, and each run with the first one, paired over their test examples. The p-values are
 * those of McNemar's exact test, Holm-corrected. A run without predictions, or tested on other examples, gets a reason
 * instead of a difference.
 */
export function pairedRuns(runs: readonly TestedRun[], metric?: string): RunComparison {
  const [reference, ...others] = runs;
  if (reference === undefined) throw new Error("nothing to compare");
  const differences = others.map(({ id, predictions }): Omit<Pair, "holmP"> => {
    if (predictions === undefined || reference.predictions === undefined)
      return { id, difference: undefined, reason: "untested" };
    if (!sameExamples(predictions, reference.predictions))
      return { id, difference: undefined, reason: "other examples" };
    return { id, difference: differenceOf(asResult(predictions), asResult(reference.predictions)), reason: undefined };
  });
  const known = differences.flatMap(({ difference }, at) =>
    difference === undefined ? [] : [{ at, p: difference.mcnemarP }],
  );
  const { holm } = corrected(known.map(({ p }) => p));
  return {
    reference: reference.id,
    pairs: differences.map((each, i) => ({ ...each, holmP: holm[known.findIndex(({ at }) => at === i)] })),
    comparison: compareRuns(runs, metric),
  };
}
