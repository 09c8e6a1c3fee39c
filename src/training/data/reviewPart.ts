import { DataReview, type ReviewedTask, type ReviewState } from "../../task/review/dataReview.ts";
import { factsOf } from "../../task/review/reviewedTask.ts";
import type { SplitName } from "../../task/splitNames.ts";
import type { ReadBack } from "../readBack.ts";
import type { ExampleStore } from "./exampleStore.ts";

/** Stored examples of a split that are reviewed together. */
export interface ReviewPart {
  reviewed: ReviewedTask;
  split: SplitName;
  /** The store's folder, and the data file. */
  folder: string;
  path: string;
  /** The examples' places in the store. */
  rows: Int32Array<ArrayBuffer>;
  /** Whether targets are taken as they are, not as the tokenizer gives them back. */
  asIs: boolean;
}

/** Reviews a part; the result is joined to those of the parts before. */
export async function reviewPart(part: ReviewPart, store: ExampleStore, readBack: ReadBack): Promise<ReviewState> {
  const review = new DataReview(part.reviewed);
  for (const row of part.rows) {
    const example = store.text(row);
    const target = part.asIs ? example.target : await readBack(example.target);
    review.add(part.split, { ...factsOf(example), target });
  }
  return review.state();
}
