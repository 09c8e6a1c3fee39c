import { UserError } from "../base/errors.ts";
import { phrase, type Phrase, type PhraseValue } from "../base/phrase.ts";
import type { Example } from "./example.ts";
import { BadRows } from "./rows/badRows.ts";
import type { Row } from "./rows/row.ts";
import type { SomeRows } from "./rows/readRows.ts";
import { rowLocation } from "./rows/rowLocation.ts";
import { columnsOf, compileTemplate } from "./template.ts";

/** What messages name as the place where a setting is given: keys of an experiment, or options. */
export interface SettingNames {
  source: string;
  target: string;
  /** What leaves out bad rows. */
  skip: PhraseValue;
}

/** The settings of an experiment file. */
export const EXPERIMENT_SETTINGS: SettingNames = {
  source: "task.source",
  target: "task.target",
  skip: phrase`"skipBadRows": true in "task"`,
};

/** Examples of a file's rows, and the rows that give none. */
export interface FileExamples {
  examples: Example[];
  bad: BadRows;
  /** The number of rows, good and bad. */
  total: number;
}

/** Makes an example of every row, and counts the rows that give none, those that could not be read among them. */
export function examplesOf(data: SomeRows, exampleOf: (row: Row) => Example): FileExamples {
  const bad = new BadRows();
  if (data.bad !== undefined) bad.join(data.bad);
  const examples: Example[] = [];
  for (const row of data.rows) {
    const example = bad.attempt(row.line, () => exampleOf(row));
    if (example !== undefined) examples.push(example);
  }
  return { examples, bad, total: data.rows.length + (data.bad?.length ?? 0) };
}

/** Templates of input and output. */
export interface Templates {
  source: string;
  target: string;
}

/**
 * What makes an example of a row by templates of input and output.
 * @param columns the names of the rows' columns
 * @returns a function that throws a UserError naming file, line and field
 * @throws UserError where a template has a brace without its partner
 */
export function exampleMaker(
  path: string,
  templates: Templates,
  columns: readonly string[],
  names: SettingNames = EXPERIMENT_SETTINGS,
): (row: Row) => Example {
  const use = { file: path, columns };
  const source = compileTemplate(templates.source, { ...use, name: names.source });
  const target = compileTemplate(templates.target, { ...use, name: names.target });
  return (row) => {
    const example = { source: source(row), target: target(row).trim(), origin: { path, row } };
    if (example.target === "")
      throw new UserError(
        "row-label-empty",
        phrase`${rowLocation(path, row)}: the label is empty (${names.target} "${templates.target}")`,
      );
    if (example.source.trim() === "")
      throw new UserError(
        "row-input-empty",
        phrase`${rowLocation(path, row)}: the input is empty (${names.source} "${templates.source}")`,
      );
    return example;
  };
}

/**
 * Makes examples of rows by templates of input and output.
 * @throws UserError where a template has a brace without its partner
 */
export const fileExamples = (
  path: string,
  data: SomeRows,
  templates: Templates,
  names: SettingNames = EXPERIMENT_SETTINGS,
): FileExamples => examplesOf(data, exampleMaker(path, templates, columnsOf(data.rows), names));

/** Whether bad rows are left out, and what a message names as the way to do that. */
export interface SkipChoice {
  skips: boolean | undefined;
  skip?: PhraseValue;
}

/**
 * Checks that the good rows of a file can be used: bad ones are left out, or there are none.
 * @param notes takes what the user should know of the file
 * @throws UserError counting the bad rows, and showing the first
 */
export function settleBadRows(
  path: string,
  { good, bad }: { good: number; bad: BadRows },
  { skips, skip = EXPERIMENT_SETTINGS.skip }: SkipChoice,
  notes: Phrase[],
): void {
  if (bad.length === 0) return;
  const total = good + bad.length;
  if (skips !== true || good === 0) throw bad.error(path, total, skip);
  notes.push(bad.note(path, total));
}

/**
 * The examples of a file, if bad rows are left out or there are none.
 * @throws UserError as `settleBadRows`
 */
export function usableExamples(
  path: string,
  { examples, bad }: Pick<FileExamples, "examples" | "bad">,
  choice: SkipChoice,
  notes: Phrase[],
): Example[] {
  settleBadRows(path, { good: examples.length, bad }, choice, notes);
  return examples;
}
