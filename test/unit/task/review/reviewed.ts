import { english } from "../../../../src/base/phrase.ts";
import { DataReview, type ReviewedTask } from "../../../../src/task/review/dataReview.ts";
import { SPLITS } from "../../../../src/task/splitNames.ts";
import type { SplitName } from "../../../../src/task/splitNames.ts";

/** A row of a test: the fields "text" and "label", and others. */
export type TestRow = Readonly<Record<string, string>>;
/** Rows of some splits. */
export type TestData = Readonly<Partial<Record<SplitName, readonly TestRow[]>>>;

/** `count` rows. */
export const rowsOf = (count: number, make: (i: number) => TestRow): TestRow[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** A review of rows whose columns `inputs` are joined to the input. */
export function reviewOf(data: TestData, task: Partial<ReviewedTask> = {}): DataReview {
  const own = { inputs: ["text"], targets: ["label"], drawn: [], ...task };
  const review = new DataReview(own);
  for (const split of SPLITS)
    (data[split] ?? []).forEach((values, i) => {
      review.add(split, {
        source: own.inputs.map((name) => values[name]!).join(" "),
        target: values["label"]!,
        values,
        row: { path: `${split}.jsonl`, line: i + 1 },
      });
    });
  return review;
}

/** The notes of such a review, in English. */
export const notesOf = (data: TestData, task: Partial<ReviewedTask> = {}): string[] =>
  reviewOf(data, task).notes().map(english);
