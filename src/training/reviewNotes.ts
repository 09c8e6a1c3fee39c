import type { Phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { ExampleSource } from "../task/exampleSource.ts";
import { DataReview } from "../task/review/dataReview.ts";
import { SPLITS } from "../task/review/facts.ts";
import { factsOf, reviewedTask } from "../task/review/reviewedTask.ts";
import type { SplitName } from "../task/splitFiles.ts";
import type { ReadBack } from "./readBack.ts";

/** Examples between two turns of the loop, in which a stop can be heard. */
const TOGETHER = 1024;

/**
 * What is to be said of the examples that a run trains on and scores; targets are compared in the scored form.
 * @param drawn the splits that a seed has drawn from the rows of training
 * @param check called now and then; it may throw to end the review
 */
export async function reviewNotes(
  task: TaskSpec,
  examples: Readonly<Record<SplitName, ExampleSource>>,
  { drawn, readBack, check }: { drawn: readonly SplitName[]; readBack: ReadBack; check: () => void },
): Promise<Phrase[]> {
  const review = new DataReview(reviewedTask(task, drawn));
  for (const split of SPLITS) {
    const source = examples[split];
    for (let at = 0; at < source.length; at++) {
      const example = source.example(at);
      review.add(split, { ...factsOf(example), target: await readBack(example.target) });
      if (at % TOGETHER !== 0) continue;
      await new Promise(setImmediate);
      check();
    }
  }
  return review.notes();
}
