import type { Phrase } from "../../base/phrase.ts";
import { SPLITS, type SplitName } from "../splitNames.ts";
import { columnNotes } from "./columnNotes.ts";
import { Columns, type ColumnsState } from "../counts/columns.ts";
import { duplicateNotes } from "./duplicateNotes.ts";
import type { Facts } from "./facts.ts";
import { groupNotes } from "./groupNotes.ts";
import { InputIndex, InputTable } from "./inputTable.ts";
import { LabelCounts, type LabelState } from "../counts/labelCounts.ts";
import { labelNotes, type Locate } from "./labelNotes.ts";
import { Places, type PlacesState } from "./places.ts";
import { exampleText } from "./wordings.ts";

/** What a review has to know of the task. */
export interface ReviewedTask {
  /** The columns that the input uses. */
  inputs: readonly string[];
  /** The columns that the target uses. */
  targets: readonly string[];
  /** The splits that were drawn by a seed from the rows of training. */
  drawn: readonly SplitName[];
}

/** The state of a `DataReview`, for another thread; structured cloning copies it. */
export interface ReviewState {
  labels: LabelState;
  columns: ColumnsState;
  inputs: Record<SplitName, Uint32Array<ArrayBuffer>>;
  places: Record<SplitName, PlacesState>;
}

/** A note, and what of the task it is about. */
export interface Finding {
  about: "labels" | "input" | "splits";
  note: Phrase;
}

const bySplit = <T>(make: (split: SplitName) => T): Record<SplitName, T> => ({
  train: make("train"),
  validation: make("validation"),
  test: make("test"),
});

/**
 * Looks at the examples of a task, one at a time, for what no metric shows: labels that training lacks, inputs that are
 * trained on and scored, columns that give the label away, one class for nearly all, groups that a split tore apart.
 * It keeps 24 bytes of an example, and at most 8,192 values of a column.
 */
export class DataReview {
  private readonly labels: LabelCounts;
  private readonly columns: Columns;
  private readonly inputs: Record<SplitName, InputTable>;
  private readonly places: Record<SplitName, Places>;

  constructor(
    private readonly task: ReviewedTask,
    state?: ReviewState,
  ) {
    this.labels = new LabelCounts(state?.labels);
    this.columns = new Columns(task.inputs, state?.columns);
    this.inputs = bySplit((split) => new InputTable(state?.inputs[split]));
    this.places = bySplit((split) => new Places(state?.places[split]));
  }

  add(split: SplitName, { source, target, values, row }: Facts): void {
    const example = this.places[split].length;
    this.places[split].add(row);
    this.labels.add(split, target);
    this.inputs[split].add(source, target);
    if (values !== undefined) this.columns.add(split, values, { target, example });
  }

  /** Adds the examples of another review, which come behind those of this one. */
  join(more: DataReview): void {
    const before = bySplit((split) => this.places[split].length);
    this.labels.join(more.labels);
    this.columns.join(more.columns, before);
    for (const split of SPLITS) {
      this.inputs[split].join(more.inputs[split]);
      this.places[split].join(more.places[split]);
    }
  }

  state(): ReviewState {
    return {
      labels: this.labels.state(),
      columns: this.columns.state(),
      inputs: bySplit((split) => this.inputs[split].state()),
      places: bySplit((split) => this.places[split].state()),
    };
  }

  /**
   * What is to be said of the examples, at most one note of a kind.
   * @param whole whether all examples were added; of a part, only what holds of all is said
   */
  findings(whole = true): Finding[] {
    const locate: Locate = (split, example) => this.places[split].at(example) ?? exampleText(split, example + 1);
    const inputs = this.differentInputs();
    const totals = bySplit((split) => this.places[split].length);
    const found: [Finding["about"], Phrase[]][] = [
      ["labels", labelNotes(this.labels, locate, whole)],
      ["input", columnNotes(this.columns, { labels: this.labels, inputs })],
      ["splits", whole ? duplicateNotes(this.inputs, locate) : []],
      ["splits", whole ? groupNotes(this.columns, { ...this.task, inputs }, { locate, totals }) : []],
    ];
    return found.flatMap(([about, notes]) => notes.map((note) => ({ about, note })));
  }

  /** The notes of `findings`. */
  notes(): Phrase[] {
    return this.findings().map(({ note }) => note);
  }

  /** The number of different inputs of training. */
  private differentInputs(): number {
    let again = 0;
    new InputIndex(this.inputs.train, "exact", () => again++);
    return this.inputs.train.length - again;
  }
}
