import { matchAnswers } from "../../task/metric/answerMatch.ts";
import { strip } from "../../task/metric/pythonText.ts";
import type { EvaluationResult, Prediction } from "../../training/evaluation.ts";
import { mcnemar } from "../statistics/mcnemar.ts";
import { pairedBootstrap } from "../statistics/pairedBootstrap.ts";
import type { Difference, Estimate } from "../../protocol/results/outcome.ts";

/**
 * Whether a prediction equals the target or one of the accepted answers, as the data have them or as the tokenizer
 * gives them back.
 */
export const isRight = ({ prediction, target, answers, read }: Prediction): boolean =>
  answers === undefined
    ? [target, read?.target ?? target].some((each) => strip(prediction) === strip(each))
    : matchAnswers(prediction, [...answers, ...(read?.answers ?? [])]).em === 1;

function estimate(altered: readonly number[], reference: readonly number[], seed: number): Estimate {
  const { difference, percentile, bca, p, detectable } = pairedBootstrap(altered, reference, { seed });
  return { difference, interval: percentile, bca, p, found: percentile[0] > 0 || percentile[1] < 0, detectable };
}

/** Compares two evaluations of the same examples, with intervals by the paired bootstrap over examples. */
export function differenceOf(altered: EvaluationResult, reference: EvaluationResult, seed = 0): Difference {
  const [a, b] = [altered.predictions.map(isRight), reference.predictions.map(isRight)];
  return {
    n: a.length,
    right: estimate(a.map(Number), b.map(Number), seed),
    loss: estimate(
      altered.predictions.map(({ loss }) => loss),
      reference.predictions.map(({ loss }) => loss),
      seed,
    ),
    mcnemarP: mcnemar(a, b).exactP,
    flips:
      altered.predictions.filter(({ prediction }, i) => prediction !== reference.predictions[i]!.prediction).length /
      a.length,
  };
}
