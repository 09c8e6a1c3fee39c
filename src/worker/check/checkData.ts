import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { explained } from "../../base/text/explain.ts";
import { nearestNames } from "../../base/text/nearestName.ts";
import { fieldNames, templateParts } from "../../experiment/templateParts.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { examplesOf, fileExamples, usableExamples } from "../../task/fileExamples.ts";
import { CATALOGUE } from "../../task/catalogue.ts";
import { hidesAll, readsTest } from "../../task/hiddenLabels.ts";
import { SPLITS } from "../../task/splitNames.ts";
import { splitFiles, TRAINING_FILES } from "../../task/splitFiles.ts";
import type { ExperimentText, Key } from "./experimentText.ts";
import type { KnownFields } from "./knownFields.ts";
import { ReviewedFiles, UNREAD, type ReadExamples } from "./reviewedFiles.ts";

/** Locates a run's key in the experiment file. */
export type Locate = (keys: readonly string[]) => readonly Key[];

/** Where problems of data are told, and what is known of the files. */
export interface DataCheck {
  known: KnownFields;
  at: Locate;
  /** Whether the file has no other task. */
  alone: boolean;
}

/**
 * Checks the data of a run: a folder must have a training file, and a template's fields must exist.
 * @returns whether nothing is wrong
 */
export async function checkData(
  text: ExperimentText,
  { task }: Experiment,
  { known, at, alone }: DataCheck,
): Promise<boolean> {
  if (task.kind === "named") return checkFolder(text, task, { known, keys: at(["task", "folder"]) });
  if (task.kind !== "file" && task.kind !== "chat") return true;
  if (task.kind === "file") {
    const fields = await known.of(task.train, task.encoding);
    const fit = (["source", "target"] as const).map(
      (key) => "error" in fields || checkTemplate(text, task[key], fields.names, { keys: at(["task", key]), alone }),
    );
    // Every row would be said to lack the field.
    if (fit.includes(false)) return false;
  }
  let isRight = true;
  const read = new ReviewedFiles(task);
  for (const key of SPLITS) {
    if (task[key] === undefined) continue;
    const found = await problemOf(task, task[key], known);
    if (!checkRows(text, found, at(["task", key]))) isRight = false;
    read.add(key, found);
  }
  for (const { note, keys } of read.notes())
    text.tell(at(keys), { code: "data-note", severity: "warning", message: note });
  return isRight;
}

/** What is wrong with a data file, and what is to be known of it. */
interface Found extends ReadExamples {
  error?: UserError;
  notes: Phrase[];
}

function checkRows(text: ExperimentText, { error, notes }: Found, keys: readonly Key[]): boolean {
  if (error !== undefined) text.tell(keys, { code: "bad-data", message: explained(error.phrase, error.actionPhrase) });
  for (const message of notes) text.tell(keys, { code: "data-note", severity: "warning", message });
  return error === undefined;
}

/** Reads the first rows of a file as training would, and says the same of them. */
async function problemOf(
  task: Extract<Experiment["task"], { kind: "file" | "chat" }>,
  path: string,
  known: KnownFields,
): Promise<Found> {
  const notes: Phrase[] = [];
  try {
    const data = await known.rows(path, task.encoding);
    if ("error" in data) return { ...UNREAD, error: data.error, notes };
    notes.push(...(data.notes ?? []));
    const found =
      task.kind === "file" ? fileExamples(path, data, task) : examplesOf(data, (row) => chatExample(path, row, task));
    return { examples: usableExamples(path, found, { skips: task.skipBadRows }, notes), all: data.all, notes };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...UNREAD, error, notes };
  }
}

/**
 * Checks that a named task has a training file, and says where the labels of its test are hidden.
 * @returns whether nothing is wrong
 */
async function checkFolder(
  text: ExperimentText,
  task: Extract<Experiment["task"], { kind: "named" }>,
  { known, keys }: { known: KnownFields; keys: readonly Key[] },
): Promise<boolean> {
  const { folder, name } = task;
  try {
    if (splitFiles(folder, "train").length === 0) {
      text.tell(keys, {
        code: "missing-file",
        message: phrase`${folder} has no training file: one of ${TRAINING_FILES}.`,
      });
      return false;
    }
    const [test] = readsTest(task) ? splitFiles(folder, "test") : [];
    const data = test === undefined ? undefined : await known.rows(test, task.encoding, CATALOGUE[name].headerless);
    if (data === undefined || "error" in data || !hidesAll(data, CATALOGUE[name])) return true;
    const message = phrase`${test!}: the labels are hidden, as benchmarks publish their test sets. Training takes the official splits of the other files`;
    text.tell(keys, { code: "data-note", severity: "warning", message });
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    text.tell(keys, { code: "bad-data", message: error.phrase });
  }
  return false;
}

/** Reports the fields that a template names and the data lack. @returns whether there are none */
function checkTemplate(
  text: ExperimentText,
  template: string,
  names: readonly string[],
  { keys, alone }: { keys: readonly Key[]; alone: boolean },
): boolean {
  const parts = templateParts(template, names);
  if (parts === undefined) {
    text.tell(keys, {
      code: "bad-template",
      message: phrase`"${template}" has a brace without its partner. Write {{ or }} for a brace that is text.`,
    });
    return false;
  }
  let isRight = true;
  for (const part of parts) {
    if ("literal" in part || fieldNames(part.field).some((name) => names.includes(name))) continue;
    isRight = false;
    const field = part.field.trim();
    const near = nearestNames(field, names);
    const likely = near.length > 0 ? near : names.slice(0, 4);
    const offered = alone ? likely : [];
    text.tell(keys, {
      code: "unknown-field",
      message: phrase`The data has no field "${field}"; it has: ${names.join(", ")}.`,
      fixes: offered.flatMap((name) =>
        text.replace(
          keys,
          template.replaceAll(`{${part.field}}`, () => `{${name}}`),
          phrase`Use {${name}}`,
        ),
      ),
    });
  }
  return isRight;
}
