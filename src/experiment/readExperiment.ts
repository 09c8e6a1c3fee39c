import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  getNodePath,
  findNodeAtLocation,
  parseTree,
  parse,
  printParseErrorCode,
  type Node,
  type ParseError,
} from "jsonc-parser";
import type { z } from "zod";
import { boundedText } from "../base/files/boundedFile.ts";
import { UserError } from "../base/errors.ts";
import { phrase, listed, type Phrase } from "../base/phrase.ts";
import { defaultRates } from "../method/learningRates.ts";
import { methodOf } from "../method/registry.ts";
import { ExperimentFile, ResolvedExperiment, type Experiment } from "./experiment.ts";
import { outOfBounds } from "../base/jsonBounds.ts";
import { isKeyPath, setKey, type JsonObject } from "../base/keyPath.ts";
import { expandSweep, type Origin } from "./sweep.ts";
import { Sweep } from "./sweepSpec.ts";

export const EMBEDDED = "tiny-t5";
/** The largest experiment file in bytes, and the most problems that one error message lists. */
const MOST_BYTES = 2_000_000;
const MOST_PROBLEMS = 20;

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function parseText(path: string, text: string): unknown {
  const out = outOfBounds(text);
  if (out !== undefined)
    throw new UserError(
      "experiment-out-of-bounds",
      phrase`${path}:${lineOf(text, out.offset)}: an experiment cannot have ${out.what}.`,
      phrase`Correct that line.`,
    );
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first)
    throw new UserError(
      "experiment-not-json",
      phrase`${path}:${lineOf(text, first.offset)}: not valid JSON (${printParseErrorCode(first.error)}).`,
      phrase`Correct that line.`,
    );
  return value;
}

/**
 * Sets `a.b.c=value` in a parsed file; the value is JSON where it parses as such, else a string.
 * @throws UserError if it has no "="
 */
function override(root: JsonObject, assignment: string): void {
  const at = assignment.indexOf("=");
  const path = assignment.slice(0, at);
  if (at < 1)
    throw new UserError(
      "set-malformed",
      phrase`--set ${assignment}: write it as path=value, for example training.steps=200.`,
    );
  if (!isKeyPath(path))
    throw new UserError("set-key-unknown", phrase`--set ${assignment}: not a key of an experiment.`);
  const raw = assignment.slice(at + 1);
  let value: unknown = raw;
  try {
    value = JSON.parse(raw);
  } catch {
    /* a plain string */
  }
  setKey(root, path, value);
}

function nearestNode(tree: Node | undefined, path: PropertyKey[]): Node | undefined {
  for (let length = path.length; tree && length >= 0; length--) {
    const node = findNodeAtLocation(
      tree,
      path.slice(0, length).map((key) => (typeof key === "symbol" ? String(key) : key)),
    );
    if (node && getNodePath(node).length === length) return node;
  }
  return undefined;
}

/** What is wrong with a value, with its key, and the file and line where it stands. */
function describe(
  path: string,
  { text, tree }: { text: string; tree: Node | undefined },
  issue: z.core.$ZodIssue,
): { place: string; what: Phrase } {
  const extra = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const keys = extra === undefined ? issue.path : [...issue.path, extra];
  const node = nearestNode(tree, keys);
  const key = keys.map(String).join(".");
  return {
    place: node ? `${path}:${lineOf(text, node.offset)}` : path,
    what:
      extra === undefined
        ? phrase`${key === "" ? phrase`the file` : key}: ${issue.message}`
        : phrase`${key}: unknown key`,
  };
}

function requireFile(path: string, key: string): string {
  if (!existsSync(path) || !statSync(path).isFile())
    throw new UserError(
      "experiment-file-missing",
      phrase`${key}: there is no file ${path}.`,
      phrase`Paths are relative to the experiment file.`,
    ).about(key.split("."));
  return path;
}

/** The method with the absolute path of its warm start's folder. */
function resolveSource<T extends { source?: string | undefined }>(method: T, folder: string): T {
  if (method.source === undefined) return method;
  const source = resolve(folder, method.source);
  if (!(existsSync(source) && statSync(source).isDirectory()))
    throw new UserError(
      "source-folder-missing",
      phrase`method.source: there is no folder ${source}.`,
      phrase`Give the folder of a run or of an adapter, relative to the experiment file.`,
    ).about(["method", "source"]);
  return { ...method, source };
}

function resolvePaths(given: Experiment, folder: string): Experiment {
  const experiment = { ...given, method: resolveSource(given.method, folder) };
  const { task, backbone } = experiment;
  const model = backbone === EMBEDDED ? backbone : resolve(folder, backbone);
  if (model !== EMBEDDED && !(existsSync(model) && statSync(model).isDirectory())) {
    throw new UserError(
      "backbone-folder-missing",
      phrase`backbone: there is no folder ${model}.`,
      phrase`Give the folder of a supported Hugging Face model, relative to the experiment file, or "${EMBEDDED}".`,
    ).about(["backbone"]);
  }
  if (task.kind === "named" || task.kind === "text") {
    const data = resolve(folder, task.folder);
    if (!(existsSync(data) && statSync(data).isDirectory()))
      throw new UserError(
        "task-folder-missing",
        phrase`task.folder: there is no folder ${data}.`,
        phrase`Paths are relative to the experiment file.`,
      ).about(["task", "folder"]);
    return { ...experiment, backbone: model, task: { ...task, folder: data } };
  }
  if (task.kind !== "file") return { ...experiment, backbone: model };
  const file = (key: "train" | "validation" | "test"): string | undefined =>
    task[key] === undefined ? undefined : requireFile(resolve(folder, task[key]), `task.${key}`);
  return {
    ...experiment,
    backbone: model,
    task: { ...task, train: file("train")!, validation: file("validation"), test: file("test") },
  };
}

/** Fills in the default peak learning rate of each group that the method has and the file does not set. */
function fillRates(experiment: Experiment, path: string): Experiment {
  const { method, training } = experiment;
  const defaults = defaultRates(method);
  const stray = Object.keys(training.learningRate).find((group) => !(group in defaults));
  if (stray !== undefined) {
    const bare = phrase`training.learningRate.${stray}: the method "${method.kind}" has no such group of tensors; it has ${Object.keys(defaults).join(", ")}.`;
    throw new UserError("learning-rate-group-unknown", phrase`${path}: ${bare}`).about(
      ["training", "learningRate", stray],
      bare,
    );
  }
  return { ...experiment, training: { ...training, learningRate: { ...defaults, ...training.learningRate } } };
}

/** Gives the draw of few-shot examples the run's seed, unless it has its own. */
function fillShots(experiment: Experiment): Experiment {
  const { task, seed } = experiment;
  return task.shots === undefined
    ? experiment
    : { ...experiment, task: { ...task, shots: { ...task.shots, seed: task.shots.seed ?? seed } } };
}

/** @throws UserError where the method or the device cannot use narrow weights */
function checkPrecision(experiment: Experiment): Experiment {
  const {
    method,
    engine: { device },
    precision: { weights },
  } = experiment;
  if (weights === "fp32") return experiment;
  if (methodOf(method.kind).trainsBackbone === true)
    throw new UserError(
      "precision-needs-frozen-backbone",
      phrase`precision: the method "${method.kind}" trains the backbone itself, which "${weights}" holds frozen`,
      phrase`Use "fp32", or a method that leaves the backbone as it is.`,
    ).about(["precision"]);
  if (device !== "auto" && device !== "cpu")
    throw new UserError(
      "precision-needs-processor",
      phrase`precision: "${weights}" is for the processor, not for "${device}"`,
      phrase`Use engine.device "cpu" or "auto", or precision "fp32".`,
    ).about(["precision"]);
  return experiment;
}

function textOf(path: string): string {
  const full = resolve(path);
  if (!existsSync(full)) throw new UserError("experiment-missing", phrase`There is no experiment file ${full}.`);
  return boundedText(full, MOST_BYTES).replace(/^\uFEFF/, "");
}

function objectOf(path: string, text: string, overrides: readonly string[]): JsonObject {
  const value = parseText(path, text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UserError("experiment-not-object", phrase`${path}: an experiment is one JSON object.`);
  for (const assignment of overrides) override(value as JsonObject, assignment);
  return value as JsonObject;
}

/** @param file its `about` names the run, where the file has several */
function parseAs<T>(schema: z.ZodType<T>, value: unknown, file: { path: string; text: string; about?: Phrase }): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const keys =
    first === undefined ? [] : [...first.path, ...(first.code === "unrecognized_keys" ? first.keys.slice(0, 1) : [])];
  const tree = parseTree(file.text);
  const more = parsed.error.issues.length - MOST_PROBLEMS;
  const problems = parsed.error.issues
    .slice(0, MOST_PROBLEMS)
    .map((issue) => describe(file.path, { text: file.text, tree }, issue));
  const rest = more > 0 ? [phrase`${file.path}: and ${more} more`] : [];
  const lines = problems.map(({ place, what }) => phrase`${place}: ${what}${file.about ?? ""}`);
  const message = listed([...lines, ...rest], "\n");
  const action = phrase`Correct the experiment file.`;
  const error =
    first?.code === "unrecognized_keys" && problems.length === 1
      ? new UserError("experiment-key-unknown", message, action)
      : new UserError("experiment-malformed", message, action);
  throw error.about(
    keys.map((key) => (typeof key === "symbol" ? String(key) : key)),
    listed([...problems.map(({ what }) => what), ...rest], "\n"),
  );
}

/**
 * The runs that an experiment file (JSON with comments) asks for, with every default filled in and paths absolute; the
 * files it names exist. One, unless it has seeds or a sweep.
 * @param overrides assignments as of `--set`, e.g. "training.steps=200"
 * @param sweepId the id that the runs of a sweep share
 * @throws UserError naming file, line and key of what is wrong
 */
export function readExperiments(path: string, overrides: readonly string[] = [], sweepId = ""): Experiment[] {
  return experimentsOf(path, textOf(path), overrides, sweepId);
}

/** Like `readExperiments`, for a text that may not be saved yet. @param path the file's path, saved or not */
export function experimentsOf(
  path: string,
  text: string,
  overrides: readonly string[] = [],
  sweepId = "",
): Experiment[] {
  return experimentPoints(path, text, overrides, sweepId).map(({ read }) => read());
}

/**
 * One run of a file, not read yet: `read` throws as `readExperiments` does. `origin` says which parts of the file's
 * sweep its values come from.
 */
export interface ExperimentPoint {
  origin: Origin;
  read: () => Experiment;
}

/** The runs of a text one by one. @throws UserError where the file as a whole is wrong */
export function experimentPoints(
  path: string,
  text: string,
  overrides: readonly string[] = [],
  sweepId = "",
): ExperimentPoint[] {
  const raw = objectOf(path, text, overrides);
  const folder = dirname(resolve(path));
  const { seeds, sweep } = parseAs(ExperimentFile, raw, { path, text });
  const { seeds: _, sweep: __, ...single } = raw;
  const finish = (value: unknown, about?: Phrase): Experiment =>
    resolvePaths(
      checkPrecision(
        fillShots(
          fillRates(parseAs(ResolvedExperiment, value, { path, text, ...(about !== undefined && { about }) }), path),
        ),
      ),
      folder,
    );
  if (seeds === undefined && sweep === undefined)
    return [{ origin: { method: undefined, settings: [] }, read: () => finish(single) }];
  const points = expandSweep(single, seeds, sweep ?? Sweep.parse({}));
  return points.map(({ experiment, label, variant, tune, origin, id }, index) => {
    const part = {
      sweep: sweepId,
      name: String(raw["name"]),
      ...(variant !== "" && { variant }),
      index,
      of: points.length,
      tune,
      ...(id !== undefined && { case: id }),
    };
    return {
      origin,
      read: () =>
        finish(
          { ...experiment, name: `${String(raw["name"])} (${label})`.slice(0, 300), part },
          phrase` (in the run "${label}")`,
        ),
    };
  });
}

/** The one run of a file. @throws UserError when it has several, or as readExperiments does */
export function readExperiment(path: string, overrides: readonly string[] = []): Experiment {
  const [only, ...more] = readExperiments(path, overrides);
  if (only === undefined || more.length > 0)
    throw new UserError(
      "experiment-of-several-runs",
      phrase`${path} has ${more.length + 1} runs`,
      phrase`Take one seed and no sweep here.`,
    );
  return only;
}
