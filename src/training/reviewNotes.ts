import type { Phrase } from "../base/phrase.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Splits } from "../task/example.ts";
import { DataReview } from "../task/review/dataReview.ts";
import { SPLITS } from "../task/review/facts.ts";
import { factsOf, reviewedTask } from "../task/review/reviewedTask.ts";
import type { ReadBack } from "./readBack.ts";

/** What is to be said of the examples that a run trains on and scores; targets are compared in the scored form. */
export async function reviewNotes(
  { task, training }: Pick<Experiment, "task" | "training">,
  data: Splits,
  readBack: ReadBack,
): Promise<Phrase[]> {
  const review = new DataReview(reviewedTask(task, data.drawn));
  const limits = { train: undefined, validation: training.validationLimit, test: training.testLimit };
  for (const split of SPLITS) {
    for (const example of data[split].slice(0, limits[split]))
      review.add(split, { ...factsOf(example), target: await readBack(example.target) });
  }
  return review.notes();
}
