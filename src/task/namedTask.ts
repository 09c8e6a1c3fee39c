import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../experiment/errors.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { permutation } from "../experiment/random.ts";
import { CATALOGUE, type TaskDefinition } from "./catalogue.ts";
import type { Example, Row, TaskData } from "./example.ts";
import { strip, toFloat } from "./metric/pythonText.ts";
import { readRows } from "./readRows.ts";

type NamedSpec = Extract<TaskSpec, { kind: "named" }>;
const FILES = { train: ["train"], validation: ["validation", "val", "dev", "validation_matched", "dev_matched"], test: ["test", "test_matched"] };
const EXTENSIONS = ["jsonl", "tsv", "csv"];
/** Rows of train that the official code holds out for validation in large tasks, and the seed of every split (reference section 3). */
const HELD_OUT = 1000, SPLIT_SEED = 42;

function splitFile(folder: string, split: keyof typeof FILES): string | undefined {
  return FILES[split].flatMap((name) => EXTENSIONS.map((extension) => join(folder, `${name}.${extension}`))).find((path) => existsSync(path));
}

/** Turns rows of one file into examples. */
class RowReader {
  private readonly definition: TaskDefinition;
  /** target strings of the classes, in official order */
  readonly labels: string[];

  constructor(private readonly spec: NamedSpec) {
    this.definition = CATALOGUE[spec.name];
    this.labels = (this.definition.classes ?? []).map((words, i) => (spec.targets === "digits" ? String(i) : words[1] ?? String(i)));
  }

  private fail(path: string, row: Row, what: string): never {
    throw new UserError(`${path}:${row.line}: ${what}`, `The task "${this.spec.name}" was asked for: check that the file holds it.`);
  }

  private field(path: string, row: Row, fields: readonly string[]): string {
    const found = fields.find((name) => Object.hasOwn(row.fields, name));
    return found === undefined ? this.fail(path, row, `no field ${fields.map((f) => `"${f}"`).join(" or ")}; the row has: ${Object.keys({ ...row.fields, ...row.lists }).join(", ")}`) : row.fields[found]!;
  }

  private source(path: string, row: Row): string {
    if (this.spec.name === "wsc") return `text: ${markSpans(row, (what) => this.fail(path, row, what))}`;
    return this.definition.source.map(({ name, fields }) => {
      // The official code prints the first option twice: the second is never shown.
      const read = this.spec.official && this.spec.name === "winogrande" && name === "option1" ? ["option1"] : this.spec.name === "winogrande" && name.startsWith("option") ? fields.slice(1) : fields;
      const text = name === "entities" && row.lists["entities"] !== undefined ? row.lists["entities"].join(", ") : this.field(path, row, read);
      return `${this.spec.name === "record" && name === "query" ? "record query" : name}: ${this.spec.name === "multirc" ? text.replace(/<br>|<\/?b>/g, "") : text}`;
    }).join(" ");
  }

  private answers(path: string, row: Row): string[] {
    const list = this.definition.target.map((name) => row.lists[name]).find((each) => each !== undefined) ?? [this.field(path, row, this.definition.target)];
    return list.length > 0 ? list : this.fail(path, row, "the list of answers is empty");
  }

  private label(path: string, row: Row): string {
    const text = strip(this.field(path, row, this.definition.target));
    if (this.spec.name === "stsb") return similarity(text, this.spec.official) ?? this.fail(path, row, `the score "${text}" is no number from 0 to 5`);
    if (this.definition.classes === undefined) return text;
    const index = this.definition.classes.findIndex((words) => words.includes(text));
    return this.labels[index] ?? this.fail(path, row, `the label "${text}" is none of ${this.definition.classes.map((words) => words.at(-1)).join(", ")}`);
  }

  /** @throws UserError naming file, line and field */
  read(path: string): Example[] {
    return readRows(path).map((row) => {
      const group = row.fields["question_id"] ?? row.fields["idx"];
      if (!this.definition.metrics.includes("em")) return { source: this.source(path, row), target: this.label(path, row), ...(group !== undefined && { group }) };
      const answers = this.answers(path, row);
      // The official code scores against the first answer alone.
      return { source: this.source(path, row), target: answers[0]!, answers: this.spec.official ? answers.slice(0, 1) : answers };
    });
  }
}

/** The score as text: to the nearest 0.2, as T5's paper has it; the official code rounds to 0.1. */
function similarity(text: string, official: boolean): string | undefined {
  const value = toFloat(text);
  if (!(value >= 0 && value <= 5)) return undefined;
  return (official ? Math.round(value * 10) / 10 : Math.round(value * 5) / 5).toFixed(1);
}

/** WSC's text with "* span1 *" and "# span2 #"; spans are places among words. */
function markSpans({ fields }: Row, fail: (what: string) => never): string {
  const words = (fields["text"] ?? fail("no field \"text\"")).split(" ");
  const mark = (span: "span1" | "span2", sign: string): void => {
    const at = Number(fields[`${span}_index`]), text = fields[`${span}_text`];
    if (text === undefined || !(at >= 0 && at < words.length)) fail(`no "${span}_text" and "${span}_index" that point into the text`);
    const length = text.split(" ").length;
    words[at] = `${sign} ${words[at]!}`;
    const last = Math.min(words.length, at + length) - 1;
    words[last] = `${words[last]!} ${sign}`;
  };
  mark("span1", "*");
  mark("span2", "#");
  return words.join(" ");
}

function pick<T>(items: readonly T[], order: Int32Array, from: number, to?: number): T[] { return Array.from(order.slice(from, to), (i) => items[i]!); }

/** As many examples of each class as k allows, in a seeded order; what is left over goes to the first classes. */
function fewShots(train: readonly Example[], shots: number, seed: number): Example[] {
  const byTarget = new Map<string, Example[]>();
  for (const example of pick(train, permutation(train.length, seed), 0)) byTarget.set(example.target, [...(byTarget.get(example.target) ?? []), example]);
  const classes = [...byTarget].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, examples]) => examples), chosen: Example[] = [];
  for (let round = 0; chosen.length < shots && classes.some((examples) => examples.length > round); round++) {
    for (const examples of classes) chosen.push(...examples.slice(round, chosen.length < shots ? round + 1 : round));
  }
  return chosen;
}

function splits(spec: NamedSpec, read: (split: keyof typeof FILES) => Example[] | undefined): Pick<TaskData, "train" | "validation" | "test"> {
  const train = read("train") ?? [], validation = read("validation") ?? [];
  const { policy } = CATALOGUE[spec.name];
  if (spec.split === "given" || policy === "given") return { train, validation, test: read("test") ?? [] };
  const order = permutation(policy === "halve" ? validation.length : train.length, SPLIT_SEED);
  if (policy === "hold-out") return { validation: pick(train, order, 0, HELD_OUT), train: pick(train, order, HELD_OUT), test: validation };
  const half = Math.floor(validation.length / 2);
  return { train, validation: pick(validation, order, 0, half), test: pick(validation, order, half) };
}

/**
 * A task by its name, from a folder of its files.
 * @throws UserError naming file, line and field of what does not fit
 */
export function loadNamedTask(spec: NamedSpec): TaskData {
  const reader = new RowReader(spec), definition = CATALOGUE[spec.name];
  if (splitFile(spec.folder, "train") === undefined) throw new UserError(`${spec.folder} has no training file: one of ${FILES.train.flatMap((n) => EXTENSIONS.map((e) => `${n}.${e}`)).join(", ")}`);
  const data = splits(spec, (split) => { const path = splitFile(spec.folder, split); return path === undefined ? undefined : reader.read(path); });
  return { ...data, train: spec.shots === undefined ? data.train : fewShots(data.train, spec.shots.k, spec.shots.seed), labels: reader.labels, metrics: [...definition.metrics] };
}
