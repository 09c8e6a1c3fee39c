import { phrase, type Phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { ExampleSource } from "../task/exampleSource.ts";
import { DataReview, type ReviewedTask } from "../task/review/dataReview.ts";
import { SPLITS } from "../task/splitNames.ts";
import { factsOf, reviewedTask } from "../task/review/reviewedTask.ts";
import { countText, joined } from "../task/review/wordings.ts";
import type { SplitName } from "../task/splitNames.ts";
import { spreadPlaces } from "./batch/exampleList.ts";
import type { ReadBack } from "./readBack.ts";

/** Examples of a split that are reviewed; of more, as many at even distances: each takes 24 bytes. */
const MOST = 2_000_000;
/** Examples between two turns of the loop, in which a stop can be heard. */
const TOGETHER = 1024;

/** How examples are reviewed. */
export interface Reviewing {
  /** The splits that a seed has drawn from the rows of training. */
  drawn: readonly SplitName[];
  readBack: ReadBack;
  /** Called now and then; it may throw to end the review. */
  check: () => void;
  /** Examples of a split that are reviewed at most. */
  most?: number;
  /** Reviews the examples in another way, such as in threads. */
  instead?: ((reviewed: ReviewedTask, most: number) => Promise<DataReview>) | undefined;
}

async function reviewHere(
  reviewed: ReviewedTask,
  examples: Readonly<Record<SplitName, ExampleSource>>,
  { readBack, check, most = MOST }: Reviewing,
): Promise<DataReview> {
  const review = new DataReview(reviewed);
  for (const split of SPLITS)
    for (const [at, place] of spreadPlaces(examples[split].length, most).entries()) {
      const example = examples[split].example(place);
      review.add(split, { ...factsOf(example), target: await readBack(example.target) });
      if (at % TOGETHER !== 0) continue;
      await new Promise(setImmediate);
      check();
    }
  return review;
}

/** What is to be said of the examples that a run trains on and scores; targets are compared in the scored form. */
export async function reviewNotes(
  task: TaskSpec,
  examples: Readonly<Record<SplitName, ExampleSource>>,
  how: Reviewing,
): Promise<Phrase[]> {
  const { drawn, most = MOST, instead } = how;
  const reviewed = reviewedTask(task, drawn);
  const review = await (instead === undefined ? reviewHere(reviewed, examples, how) : instead(reviewed, most));
  const notes = review.notes();
  const partly = SPLITS.filter((split) => examples[split].length > most).map((split) =>
    countText(split, most, examples[split].length),
  );
  if (notes.length === 0 || partly.length === 0) return notes;
  return [...notes, phrase`Of the data, only a part was reviewed for what is said above: ${joined(partly)}`];
}
