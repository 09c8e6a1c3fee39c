import { statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { explained } from "../../base/text/explain.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { examplesOf, fileExamples } from "../../task/fileExamples.ts";
import { MOST_LABELS, requireLabels } from "../../task/labels.ts";
import { loadTask } from "../../task/loadTask.ts";
import { checkNamedRows, headerlessColumns, splitsRead } from "../../task/namedTask.ts";
import { splitFiles } from "../../task/splitFiles.ts";
import { textFiles } from "../../task/textTask.ts";
import type { Locate } from "./checkData.ts";
import type { ExperimentText, Key } from "./experimentText.ts";
import type { KnownFields } from "./knownFields.ts";

/** A folder of texts with more bytes is not read. */
const MOST_TEXT = 1e6;

type Task = Experiment["task"];

/**
 * Checks that the examples of a task can be made, split and drawn as training does, and that they have labels where
 * these are predicted. Files that a preview reads whole are loaded by the task's own loader; of larger ones only the
 * first rows are looked at, and only what is certain of all is said.
 */
export async function checkExamples(
  text: ExperimentText,
  { task, training }: Experiment,
  { at, known }: { at: Locate; known: KnownFields },
): Promise<void> {
  try {
    const labels = await labelsOf(task, known);
    if (training.prediction === "labels" && labels !== undefined) requireLabels(labels);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = explained(error.phrase, error.actionPhrase);
    text.tell(keysOf(error, task, at), { code: error.code, message });
  }
}

/** Where the file says what an error is about. */
function keysOf({ keys, code }: UserError, task: Task, at: Locate): readonly Key[] {
  if (keys !== undefined) return at(keys.map(String));
  if (code === "split-without-training") return at(["task", "split"]);
  if (code === "task-without-classes") return at(["task", "shots", "sampling"]);
  return at(["task", "folder" in task ? "folder" : "train"]);
}

/**
 * The labels that a task's training examples have, none for free text; undefined where its first rows do not tell.
 * @throws UserError where training would
 */
async function labelsOf(task: Task, known: KnownFields): Promise<readonly string[] | undefined> {
  switch (task.kind) {
    case "mail":
      return undefined;
    case "named": {
      const headerless = headerlessColumns(task);
      const files = splitsRead(task).flatMap((split) => splitFiles(task.folder, split));
      return (await areWhole(files, known, { encoding: task.encoding, headerless }))
        ? (await loadTask(task)).labels
        : checkNamedRows(task, (path) => rowsOf(known, path, { encoding: task.encoding, headerless }));
    }
    case "text": {
      const bytes = textFiles(task).reduce((sum, name) => sum + statSync(join(task.folder, name)).size, 0);
      if (bytes <= MOST_TEXT) return (await loadTask(task)).labels;
      return task.label === undefined ? [] : undefined;
    }
    default: {
      const files = [task.train, task.validation, task.test].filter((each) => each !== undefined);
      return (await areWhole(files, known, task)) ? (await loadTask(task)).labels : manyTargets(task, known);
    }
  }
}

interface Reading {
  encoding?: string | undefined;
  headerless?: readonly string[] | undefined;
}

async function rowsOf(
  known: KnownFields,
  path: string,
  { encoding, headerless }: Reading,
): Promise<Exclude<Awaited<ReturnType<KnownFields["rows"]>>, { error: UserError }>> {
  const data = await known.rows(path, encoding, headerless);
  if ("error" in data) throw data.error;
  return data;
}

/** Whether a preview reads all rows of the files. */
async function areWhole(files: readonly string[], known: KnownFields, reading: Reading): Promise<boolean> {
  for (const path of files) if (!(await rowsOf(known, path, reading)).all) return false;
  return true;
}

/**
 * No labels, where the first rows have so many targets that the training split has more than a task with labels can
 * have; else undefined.
 */
async function manyTargets(
  task: Extract<Task, { kind: "file" | "chat" }>,
  known: KnownFields,
): Promise<readonly string[] | undefined> {
  const data = await rowsOf(known, task.train, task);
  const { examples } =
    task.kind === "file"
      ? fileExamples(task.train, data, task)
      : examplesOf(data, (row) => chatExample(task.train, row, task));
  const heldOut =
    (task.validation === undefined ? task.split.validation : 0) + (task.test === undefined ? task.split.test : 0);
  const distinct = new Set(examples.map(({ target }) => target)).size;
  // Targets that only held-out rows have are no labels: twice as many as is allowed leave no doubt.
  return distinct * (1 - heldOut) > 2 * MOST_LABELS ? [] : undefined;
}
