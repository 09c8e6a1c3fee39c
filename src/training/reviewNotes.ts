import { phrase, type Phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { ExampleSource } from "../task/exampleSource.ts";
import { DataReview } from "../task/review/dataReview.ts";
import { SPLITS } from "../task/splitNames.ts";
import { factsOf, reviewedTask } from "../task/review/reviewedTask.ts";
import { countText, joined } from "../task/review/wordings.ts";
import type { SplitName } from "../task/splitNames.ts";
import type { ReadBack } from "./readBack.ts";

/** Examples of a split that are reviewed; of more, as many at even distances: each takes 24 bytes. */
const MOST = 2_000_000;
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
  {
    drawn,
    readBack,
    check,
    most = MOST,
  }: { drawn: readonly SplitName[]; readBack: ReadBack; check: () => void; most?: number },
): Promise<Phrase[]> {
  const review = new DataReview(reviewedTask(task, drawn));
  const partly: Phrase[] = [];
  for (const split of SPLITS) {
    const source = examples[split];
    const count = Math.min(most, source.length);
    if (count < source.length) partly.push(countText(split, count, source.length));
    for (let at = 0; at < count; at++) {
      const example = source.example(Math.floor((at * source.length) / count));
      review.add(split, { ...factsOf(example), target: await readBack(example.target) });
      if (at % TOGETHER !== 0) continue;
      await new Promise(setImmediate);
      check();
    }
  }
  const notes = review.notes();
  if (notes.length === 0 || partly.length === 0) return notes;
  return [...notes, phrase`Of the data, only a part was reviewed for what is said above: ${joined(partly)}`];
}
