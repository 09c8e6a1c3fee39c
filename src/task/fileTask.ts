import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { Example } from "./example.ts";
import { readRows } from "./rows/readRows.ts";
import { rowLocation } from "./rows/rowLocation.ts";
import { splitBySeed } from "./split.ts";
import { columnsOf, compileTemplate } from "./template.ts";

type FileSpec = Extract<TaskSpec, { kind: "file" }>;

async function readExamples(path: string, spec: FileSpec): Promise<Example[]> {
  const rows = await readRows(path);
  const use = { file: path, columns: columnsOf(rows) };
  const source = compileTemplate(spec.source, { ...use, name: "task.source" });
  const target = compileTemplate(spec.target, { ...use, name: "task.target" });
  return rows.map((row) => {
    const example = { source: source(row), target: target(row).trim() };
    if (example.target === "")
      throw new UserError(
        "row-label-empty",
        phrase`${rowLocation(path, row)}: the label is empty (task.target "${spec.target}")`,
      );
    if (example.source.trim() === "")
      throw new UserError(
        "row-input-empty",
        phrase`${rowLocation(path, row)}: the input is empty (task.source "${spec.source}")`,
      );
    return example;
  });
}

/**
 * Loads a task of the user's own files. A split without a file of its own is a seeded fraction of the training file.
 * @throws UserError naming file, line and field
 */
export async function loadFileTask(
  spec: FileSpec,
): Promise<{ train: Example[]; validation: Example[]; test: Example[] }> {
  const { validation, test, seed } = spec.split;
  const split = splitBySeed(await readExamples(spec.train, spec), {
    seed,
    validation: spec.validation === undefined ? validation : 0,
    test: spec.test === undefined ? test : 0,
  });
  return {
    train: split.train,
    validation: spec.validation === undefined ? split.validation : await readExamples(spec.validation, spec),
    test: spec.test === undefined ? split.test : await readExamples(spec.test, spec),
  };
}
