import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../base/errors.ts";
import { isGgufName } from "../base/files/ggufName.ts";
import { phrase } from "../base/phrase.ts";
import { caught } from "./allProblems.ts";
import type { Experiment } from "./experiment.ts";
import { valueAt } from "./valueAt.ts";

/** The name of the embedded backbone. */
export const EMBEDDED = "tiny-t5";
/** The longest path that is looked up, in characters. */
const LONGEST_PATH = 4096;

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

function requireFile(path: string, key: string): string {
  if (!isFile(path))
    throw new UserError(
      "experiment-file-missing",
      phrase`${key}: there is no file ${path}.`,
      phrase`Paths are relative to the experiment file.`,
    ).about(key.split("."));
  return path;
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** The error of each file and folder that an experiment names and that does not exist. */
export function missingPlaces(value: unknown, folder: string): UserError[] {
  const given = (...keys: string[]): string | undefined => {
    const found = valueAt(value, keys);
    return typeof found === "string" && found !== "" && found.length < LONGEST_PATH ? found : undefined;
  };
  const [source, backbone, data] = [given("method", "source"), given("backbone"), given("task", "folder")];
  return [
    ...(["train", "validation", "test"] as const).flatMap((key) => {
      const file = given("task", key);
      return file === undefined ? [] : caught(() => requireFile(resolve(folder, file), `task.${key}`));
    }),
    ...(source === undefined ? [] : caught(() => resolveSource({ source }, folder))),
    ...(backbone === undefined || backbone === EMBEDDED
      ? []
      : caught(() => requireBackbone(resolve(folder, backbone)))),
    ...(data === undefined ? [] : caught(() => requireTaskFolder(resolve(folder, data)))),
  ];
}

function requireBackbone(model: string): void {
  if (isFolder(model)) return;
  if (isGgufName(model)) {
    if (isFile(model)) return;
    throw new UserError(
      "backbone-file-missing",
      phrase`backbone: there is no file ${model}.`,
      phrase`Paths are relative to the experiment file.`,
    ).about(["backbone"]);
  }
  throw new UserError(
    "backbone-folder-missing",
    phrase`backbone: there is no folder ${model}.`,
    phrase`Give the folder of a supported Hugging Face model or a GGUF file, relative to the experiment file, or "${EMBEDDED}".`,
  ).about(["backbone"]);
}

function requireTaskFolder(data: string): void {
  if (isFolder(data)) return;
  throw new UserError(
    "task-folder-missing",
    phrase`task.folder: there is no folder ${data}.`,
    phrase`Paths are relative to the experiment file.`,
  ).about(["task", "folder"]);
}

/**
 * Makes the path of the method's warm start absolute; of a run it is the folder of its adapter, the only part that is
 * read.
 * @throws UserError where the folder does not exist
 */
function resolveSource<T extends { source?: string | undefined }>(method: T, folder: string): T {
  if (method.source === undefined) return method;
  const source = resolve(folder, method.source);
  if (!isFolder(source))
    throw new UserError(
      "source-folder-missing",
      phrase`method.source: there is no folder ${source}.`,
      phrase`Give the folder of a run or of an adapter, relative to the experiment file.`,
    ).about(["method", "source"]);
  const inRun = join(source, "adapter");
  return { ...method, source: existsSync(join(inRun, "adapter_config.json")) ? inRun : source };
}

/**
 * Makes the paths of an experiment absolute.
 * @throws UserError naming the first that does not exist
 */
export function resolvePaths(given: Experiment, folder: string): Experiment {
  const experiment = { ...given, method: resolveSource(given.method, folder) };
  const { task, backbone } = experiment;
  const model = backbone === EMBEDDED ? backbone : resolve(folder, backbone);
  if (model !== EMBEDDED) requireBackbone(model);
  if (task.kind === "named" || task.kind === "text") {
    const data = resolve(folder, task.folder);
    requireTaskFolder(data);
    return { ...experiment, backbone: model, task: { ...task, folder: data } };
  }
  if (task.kind === "mail") return { ...experiment, backbone: model };
  const file = (key: "train" | "validation" | "test"): string | undefined =>
    task[key] === undefined ? undefined : requireFile(resolve(folder, task[key]), `task.${key}`);
  return {
    ...experiment,
    backbone: model,
    task: { ...task, train: file("train")!, validation: file("validation"), test: file("test") },
  };
}
