import { UserError } from "../base/errors.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { CATALOGUE, type TaskDefinition } from "./catalogue.ts";
import type { Example, TaskData } from "./example.ts";
import { NO_TEXT } from "./rows/noText.ts";
import type { Row } from "./rows/row.ts";
import { sourceOf } from "./exampleSource.ts";
import { balancedShots, officialShots } from "./fewShots.ts";
import { finalNumber, SOLVED, withoutCalculations } from "./metric/finalNumber.ts";
import { strip, toFloat } from "./metric/pythonText.ts";
import { hidesAll, readsTest } from "./hiddenLabels.ts";
import { namedSplits, pick, SPLIT_SEED } from "./namedSplits.ts";
import { examplesOf, usableExamples } from "./fileExamples.ts";
import { numpyPermutation } from "./numpyShuffle.ts";
import { readData, type Reading, type SomeRows } from "./rows/readRows.ts";
import { rowLocation } from "./rows/rowLocation.ts";
import { splitFiles, TRAINING_FILES } from "./splitFiles.ts";
import type { SplitName } from "./splitNames.ts";

type NamedSpec = Extract<TaskSpec, { kind: "named" }>;
/** The number of Yelp's shuffled rows that the official code trains on. */
const YELP_ROWS = 100_000;

const HIGHLIGHT = /([.?!"']?)\n@highlight\n/g;

const WITH_POINT = /^-?\d+\.0+$/;
const classAt = (classes: readonly (readonly string[])[], number: string): number =>
  classes.findIndex((words) => words.includes(number.replace(/\.0+$/, "")));

/** Reads the rows of a file. */
export type RowsOf = (path: string, reading: Reading) => Promise<SomeRows>;

/** Turns rows of a split's files into examples. */
class RowReader {
  private readonly definition: TaskDefinition;
  /** What the user should know of the files. */
  readonly notes: Phrase[] = [];
  /** Target strings of the classes, in official order. */
  readonly labels: string[];
  /** The first file of a test set whose labels are hidden. */
  hidden: string | undefined;

  /** @param rowsOf reads a file */
  constructor(
    private readonly spec: NamedSpec,
    private readonly rowsOf: RowsOf = readData,
  ) {
    this.definition = CATALOGUE[spec.name];
    this.labels = (this.definition.classes ?? []).map((words, i) =>
      spec.targets === "digits" ? String(i) : (words[1] ?? String(i)),
    );
  }

  private fail(path: string, row: Row, what: Phrase): never {
    throw new UserError(
      "row-not-of-task",
      phrase`${rowLocation(path, row)}: ${what}`,
      phrase`The experiment names the task "${this.spec.name}": check that the file has its data, and that a table's first line names its columns.`,
    );
  }

  private field(path: string, row: Row, fields: readonly string[]): string {
    const found = fields.find((name) => Object.hasOwn(row.fields, name));
    const known = fields.find((name) => Object.hasOwn(row.noText ?? {}, name));
    if (found === undefined && known !== undefined)
      this.fail(path, row, phrase`the field "${known}" is ${NO_TEXT[row.noText![known]!]}`);
    return found === undefined
      ? this.fail(
          path,
          row,
          phrase`no field ${fields.map((f) => `"${f}"`).join(" or ")}; the row has: ${Object.keys({ ...row.fields, ...row.lists }).join(", ")}`,
        )
      : row.fields[found]!;
  }

  private source(path: string, row: Row): string {
    if (this.spec.name === "wsc") return `text: ${markSpans(row, (what) => this.fail(path, row, what))}`;
    return this.definition.source
      .map(({ name, fields }) => {
        const text =
          name === "entities" && row.lists["entities"] !== undefined
            ? row.lists["entities"].join(", ")
            : this.field(path, row, this.fieldsOf(name, fields));
        return `${this.spec.name === "record" && name === "query" ? "record query" : name}: ${this.cleaned(text)}`;
      })
      .join(" ");
  }

  /** Fields that may hold the text of a part of the input. */
  private fieldsOf(name: string, fields: readonly string[]): readonly string[] {
    if (this.spec.name !== "winogrande" || !name.startsWith("option")) return fields;
    // The official code prints the first option twice, and never the second.
    return this.spec.official && name === "option1" ? ["option1"] : fields.slice(1);
  }

  private cleaned(text: string): string {
    if (this.spec.name === "multirc") return text.replace(/<br>|<\/?b>/g, "");
    // ReCoRD's highlights follow the passage, one a line. The official code makes them its last sentences.
    return this.spec.official && this.spec.name === "record"
      ? text.replace(HIGHLIGHT, (_, stop: string) => `${stop || "."} `)
      : text;
  }

  private answers(path: string, row: Row): string[] {
    const list = this.definition.target.map((name) => row.lists[name]).find((each) => each !== undefined) ?? [
      this.field(path, row, this.definition.target),
    ];
    if (list.length > 0) return list;
    return this.fail(
      path,
      row,
      row.fields["is_impossible"] === "true"
        ? phrase`the question is marked "is_impossible" (SQuAD 2.0), and the task has only questions with an answer`
        : phrase`the list of answers is empty`,
    );
  }

  private label(path: string, row: Row): string {
    const text = strip(this.field(path, row, this.definition.target));
    if (this.spec.name === "gsm8k") return this.solved(path, row, text);
    if (this.spec.name === "stsb")
      return (
        similarity(text, this.spec.official) ??
        this.fail(path, row, phrase`the score "${text}" is no number from 0 to 5`)
      );
    if (this.definition.classes === undefined) return text;
    const own = this.definition.classes.findIndex((words) => words.includes(text));
    // A data frame with a missing label writes all of them with a point: 1.0.
    const index = own < 0 && WITH_POINT.test(text) ? classAt(this.definition.classes, text) : own;
    return (
      this.labels[index] ??
      this.fail(
        path,
        row,
        phrase`the label "${text}" is not one of ${this.definition.classes.map((words) => words.at(-1)).join(", ")}`,
      )
    );
  }

  /** GSM8K's answer in the form that the experiment asks for. */
  private solved(path: string, row: Row, text: string): string {
    if (this.spec.solution !== "number") {
      const solution = strip(this.field(path, row, ["answer"]));
      return this.spec.solution === "plain" ? withoutCalculations(solution) : solution;
    }
    // Of files that have worked solutions only, the number that they end with.
    if (!text.includes(SOLVED)) return text;
    return finalNumber(text) ?? this.fail(path, row, phrase`no number follows ${SOLVED}`);
  }

  /** MBPP's assertions, preceded by their imports and set-up code. */
  private tests(path: string, row: Row): string[] {
    const list = row.lists["test_list"] ?? [];
    if (list.length === 0) this.fail(path, row, phrase`no list "test_list" of assertions`);
    return [
      ...(row.lists["test_imports"] ?? []),
      ...[row.fields["test_setup_code"] ?? ""].filter((code) => code.trim() !== ""),
      ...list,
    ];
  }

  private example(path: string, row: Row): Example {
    if (this.spec.name === "mbpp") {
      const tests = this.tests(path, row);
      const shown = this.spec.showTests ? ` tests: ${(row.lists["test_list"] ?? []).join("\n")}` : "";
      return { source: `${this.source(path, row)}${shown}`, target: this.label(path, row), tests };
    }
    const group = row.fields["question_id"] ?? row.fields["idx.question"] ?? row.fields["idx"];
    if (!this.definition.metrics.includes("em"))
      return { source: this.source(path, row), target: this.label(path, row), ...(group !== undefined && { group }) };
    const answers = this.answers(path, row);
    // The official code scores against the first answer only. ReCoRD keeps them all here: `oneEach` makes an example of
    // each after the split.
    return {
      source: this.source(path, row),
      target: answers[0]!,
      answers: this.spec.official && this.spec.name !== "record" ? answers.slice(0, 1) : answers,
    };
  }

  /**
   * Reads the examples of a split's files, in order; of a test set with hidden labels, none.
   * @throws UserError naming file, line and field
   */
  async read(paths: readonly string[], split: SplitName): Promise<Example[]> {
    const files: { path: string; data: SomeRows }[] = [];
    const { headerless } = this.definition;
    for (const path of paths)
      files.push({ path, data: await this.rowsOf(path, { headerless, encoding: this.spec.encoding }) });
    const [first] = files;
    if (split === "test" && first !== undefined && files.every(({ data }) => hidesAll(data, this.definition))) {
      this.hidden = first.path;
      return [];
    }
    return files.flatMap(({ path, data }) => {
      this.notes.push(...(data.notes ?? []));
      const found = examplesOf(data, (row) => ({ ...this.example(path, row), origin: { path, row } }));
      return usableExamples(path, found, { skips: this.spec.skipBadRows }, this.notes);
    });
  }
}

/** An STS-B score as text: rounded to 0.2 as in the T5 paper (Raffel et al. 2020); the official code rounds to 0.1. */
function similarity(text: string, official: boolean): string | undefined {
  const value = toFloat(text);
  if (!(value >= 0 && value <= 5)) return undefined;
  return (official ? Math.round(value * 10) / 10 : Math.round(value * 5) / 5).toFixed(1);
}

/** WSC's text with the marks "* span1 *" and "# span2 #"; a span's index counts words. */
function markSpans({ fields }: Row, fail: (what: Phrase) => never): string {
  const words = (fields["text"] ?? fail(phrase`no field "text"`)).split(" ");
  const mark = (span: "span1" | "span2", sign: string): void => {
    const at = Number(fields[`${span}_index`]);
    const text = fields[`${span}_text`];
    if (text === undefined || !(at >= 0 && at < words.length))
      fail(phrase`no "${span}_text" and "${span}_index" that point into the text`);
    const length = text.split(" ").length;
    words[at] = `${sign} ${words[at]!}`;
    const last = Math.min(words.length, at + length) - 1;
    words[last] = `${words[last]!} ${sign}`;
  };
  mark("span1", "*");
  mark("span2", "#");
  return words.join(" ");
}

/** Makes one example of each right answer, scored against that answer only, as the official code does for ReCoRD. */
function oneEach(examples: readonly Example[]): Example[] {
  return examples.flatMap((example) =>
    (example.answers ?? []).map((answer) => ({ ...example, target: answer, answers: [answer] })),
  );
}

function fewShots(spec: NamedSpec, labels: readonly string[], train: Example[]): Example[] {
  if (spec.shots === undefined) return train;
  const shots = { ...spec.shots, seed: spec.shots.seed ?? 0 };
  if (shots.sampling === "balanced") return balancedShots(sourceOf(train), shots.k, shots.seed);
  // The official code splits STS-B's scores into two classes.
  if (spec.name === "stsb")
    return officialShots(sourceOf(train), shots, {
      classOf: (target) => (Number(target) <= 2.5 ? "0" : "1"),
      classes: 2,
    });
  if (labels.length === 0)
    throw new UserError(
      "task-without-classes",
      phrase`task.shots.sampling: the task "${spec.name}" has no classes, which "official" draws by`,
      phrase`Take "balanced".`,
    );
  return officialShots(sourceOf(train), shots, { classOf: (target) => target, classes: labels.length });
}

/** The splits of which a named task reads files. */
export const splitsRead = (spec: NamedSpec): SplitName[] =>
  readsTest(spec) ? ["train", "validation", "test"] : ["train", "validation"];

/** The columns of a named task's official TSV file, where that has no header. */
export const headerlessColumns = ({ name }: NamedSpec): readonly string[] | undefined => CATALOGUE[name].headerless;

/**
 * Makes examples of the rows that a named task's files begin with, as `loadNamedTask` does of all.
 * @param rowsOf reads the first rows of a file
 * @returns the labels
 * @throws UserError naming file, line and field of what is wrong
 */
export async function checkNamedRows(spec: NamedSpec, rowsOf: RowsOf): Promise<readonly string[]> {
  const reader = new RowReader(spec, rowsOf);
  for (const split of splitsRead(spec)) await reader.read(splitFiles(spec.folder, split), split);
  return reader.labels;
}

/**
 * Loads a task that the catalogue knows by its name, from a folder of its files.
 * @throws UserError naming file, line and field of what is wrong
 */
export async function loadNamedTask(spec: NamedSpec): Promise<TaskData> {
  const reader = new RowReader(spec);
  const definition = CATALOGUE[spec.name];
  if (splitFiles(spec.folder, "train").length === 0)
    throw new UserError("training-file-missing", phrase`${spec.folder} has no training file: one of ${TRAINING_FILES}`);
  const data = await namedSplits(spec, reader);
  const { train, validation, test } =
    spec.official && spec.name === "record"
      ? { train: oneEach(data.train), validation: oneEach(data.validation), test: oneEach(data.test) }
      : data;
  const used =
    spec.official && spec.name === "yelp"
      ? pick(train, numpyPermutation(train.length, SPLIT_SEED), 0, YELP_ROWS)
      : train;
  return {
    train: fewShots(spec, reader.labels, used),
    validation,
    test,
    labels: reader.labels,
    metrics: [...definition.metrics],
    ...(data.drawn && { drawn: data.drawn }),
    ...(reader.notes.length > 0 && { notes: reader.notes }),
  };
}
