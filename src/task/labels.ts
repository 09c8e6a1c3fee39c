import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";

/** A file with more distinct targets than this is a task of free text, without labels. */
export const MOST_LABELS = 50;

/**
 * Checks that a task has labels to choose among, as `training.prediction: "labels"` asks for.
 * @throws UserError where it has fewer than two
 */
export function requireLabels(labels: readonly string[]): void {
  if (labels.length < 2)
    throw new UserError(
      "label-prediction-without-labels",
      phrase`training.prediction: "labels" needs a task with 2 to 50 different targets`,
      phrase`Use "generate" for a task of free text.`,
    ).about(["training", "prediction"]);
}
