import type { Phrase } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Example } from "../../task/example.ts";
import { DataReview, type Finding } from "../../task/review/dataReview.ts";
import { SCORED, SPLITS } from "../../task/splitNames.ts";
import { factsOf, reviewedTask } from "../../task/review/reviewedTask.ts";
import { splitBySeed } from "../../task/split.ts";
import type { SplitName } from "../../task/splitNames.ts";

type FileTask = Extract<Experiment["task"], { kind: "file" | "chat" }>;
type Task =
  | Pick<Extract<FileTask, { kind: "file" }>, "kind" | "source" | "target" | Shared>
  | Pick<Extract<FileTask, { kind: "chat" }>, "kind" | Shared>;
type Shared = "validation" | "test" | "split" | "shots";

/** The examples of a data file's first rows, and whether they are all of its examples. */
export interface ReadExamples {
  examples: readonly Example[];
  all: boolean;
}
/** A file that could not be read. */
export const UNREAD: ReadExamples = { examples: [], all: false };

/** The data files of a task as far as they are read, and what training would say of them before its first step. */
export class ReviewedFiles {
  private readonly files: Partial<Record<SplitName, ReadExamples>> = {};

  constructor(private readonly task: Task) {}

  add(split: SplitName, { examples, all }: ReadExamples): void {
    this.files[split] = { examples, all };
  }

  /** The notes, each with the key of the experiment that it is about. */
  notes(): { note: Phrase; keys: string[] }[] {
    const drawn = SCORED.filter((split) => this.task[split] === undefined);
    // Of a draw of a few examples nothing is known that needs all of them.
    const isWhole = this.task.shots === undefined && Object.values(this.files).every(({ all }) => all);
    const review = new DataReview(reviewedTask(this.task, drawn));
    const examples = this.splits(drawn, isWhole);
    for (const split of SPLITS) for (const example of examples[split]) review.add(split, factsOf(example));
    return review.findings(isWhole).map(({ about, note }) => ({ note, keys: this.keysOf(about) }));
  }

  /** The examples as training has them; of a part of a file no split is drawn. */
  private splits(drawn: readonly SplitName[], isWhole: boolean): Record<SplitName, readonly Example[]> {
    const { train, validation, test } = this.files;
    const { split } = this.task;
    const share = (name: "validation" | "test"): number => (isWhole && drawn.includes(name) ? split[name] : 0);
    const own = splitBySeed(train?.examples ?? [], {
      seed: split.seed,
      validation: share("validation"),
      test: share("test"),
    });
    return {
      train: own.train,
      validation: validation?.examples ?? own.validation,
      test: test?.examples ?? own.test,
    };
  }

  private keysOf(about: Finding["about"]): string[] {
    const { task } = this;
    if (about === "input" && task.kind === "file") return ["task", "source"];
    const file = SCORED.findLast((split) => task[split] !== undefined) ?? "train";
    return ["task", about === "input" ? "train" : file];
  }
}
