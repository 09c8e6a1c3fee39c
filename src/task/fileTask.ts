import type { Phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { Example, Splits } from "./example.ts";
import { EXPERIMENT_SETTINGS, fileExamples, usableExamples, type SettingNames } from "./fileExamples.ts";
import { SCORED } from "./splitNames.ts";
import { readData } from "./rows/readRows.ts";
import { splitBySeed } from "./split.ts";

type FileSpec = Extract<TaskSpec, { kind: "file" }>;

/**
 * Loads a task of the user's own files. A split without a file of its own is a seeded fraction of the training file.
 * @param names what messages name as the place of a setting
 * @throws UserError naming file, line and field
 */
export async function loadFileTask(spec: FileSpec, names: SettingNames = EXPERIMENT_SETTINGS): Promise<Splits> {
  const notes: Phrase[] = [];
  const read = async (path: string): Promise<Example[]> => {
    const data = await readData(path, spec);
    notes.push(...(data.notes ?? []));
    const how = { skips: spec.skipBadRows, skip: names.skip };
    return usableExamples(path, fileExamples(path, data, spec, names), how, notes);
  };
  const { validation, test, seed } = spec.split;
  const split = splitBySeed(await read(spec.train), {
    seed,
    validation: spec.validation === undefined ? validation : 0,
    test: spec.test === undefined ? test : 0,
  });
  return {
    train: split.train,
    validation: spec.validation === undefined ? split.validation : await read(spec.validation),
    test: spec.test === undefined ? split.test : await read(spec.test),
    drawn: SCORED.filter((split) => spec[split] === undefined),
    ...(notes.length > 0 && { notes }),
  };
}
