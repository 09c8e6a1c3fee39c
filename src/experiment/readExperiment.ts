import { existsSync } from "node:fs";
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
import { checkPrompt } from "./checkPrompt.ts";
import { caught, throwAll, together } from "./allProblems.ts";
import { missingPlaces, resolvePaths } from "./namedPlaces.ts";
import { valueAt } from "./valueAt.ts";
import { ExperimentFile, ResolvedExperiment, type Experiment } from "./experiment.ts";
import { outOfBounds } from "../base/jsonBounds.ts";
import { isKeyPath, setKey, type JsonObject } from "../base/keyPath.ts";
import { nearestNames } from "../base/text/nearestName.ts";
import { knownKeys, optionsOf } from "./schemaKeys.ts";
import { problemsBehind, schemaProblem } from "./schemaProblem.ts";
import { expandSweep, type Origin } from "./sweep.ts";
import { Sweep } from "./sweepSpec.ts";

/** The largest experiment file in bytes, and the most problems that one error message lists. */
const MOST_BYTES = 2_000_000;
const MOST_PROBLEMS = 20;

/** The line of a place in a text, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** "PropertyNameExpected" as "property name expected". */
const parseErrorText = (code: number): string =>
  printParseErrorCode(code)
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();

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
  throwAll(
    errors
      .slice(0, MOST_PROBLEMS)
      .map(
        ({ error, offset }) =>
          new UserError(
            "experiment-not-json",
            phrase`${path}:${lineOf(text, offset)}: not valid JSON (${parseErrorText(error)}).`,
            phrase`Correct that line.`,
          ),
      ),
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

/** A file whose values are checked: its text, and the parsed value with what `--set` changed. */
interface Checked {
  path: string;
  text: string;
  value: unknown;
  overrides: readonly string[];
}

const keysOf = (issue: z.core.$ZodIssue): (string | number)[] =>
  [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])].map((key) =>
    typeof key === "symbol" ? String(key) : key,
  );

/** The `--set` that gave the value at a key. */
export const settingOf = (key: string, overrides: readonly string[]): string | undefined =>
  overrides.findLast((each) => `${key}.`.startsWith(`${each.slice(0, each.indexOf("="))}.`));

/** What is wrong with a value, with its key and the nearest right name. */
function problemOf(issue: z.core.$ZodIssue, keys: readonly (string | number)[], root: unknown): Phrase {
  const key = keys.join(".");
  const at = (above: readonly (string | number)[]): unknown => valueAt(root, above);
  const isKey = issue.code === "unrecognized_keys";
  const names = isKey ? knownKeys(keys.slice(0, -1), at) : optionsOf(issue, keys, at);
  const above = at(keys.slice(0, -1));
  // An object of one name may be written as that name.
  const wrong = isKey ? keys.at(-1) : (at(keys) ?? (typeof above === "string" ? above : undefined));
  const [near] = typeof wrong === "string" ? nearestNames(wrong, names) : [];
  const hint = near === undefined ? "" : phrase` Did you mean "${near}"?`;
  if (isKey) return hint === "" ? phrase`${key}: unknown key` : phrase`${key}: unknown key.${hint}`;
  if (issue.code === "invalid_union" && names.length > 0)
    return wrong === undefined
      ? phrase`${key}: missing; it is one of ${names.join(", ")}`
      : phrase`${key}: ${JSON.stringify(wrong)} is none of ${names.join(", ")}.${hint}`;
  const what = schemaProblem(issue, wrong);
  return phrase`${key === "" ? phrase`the file` : key}: ${what}${hint === "" ? "" : phrase`.${hint}`}`;
}

/** Describes what is wrong with a value: its key, and the file and line, or the `--set`, that gives it. */
function describe(
  { path, text, value, overrides }: Checked,
  tree: Node | undefined,
  issue: z.core.$ZodIssue,
): { place: string; what: Phrase; isSet: boolean } {
  const keys = keysOf(issue);
  const node = nearestNode(tree, keys);
  const setting = settingOf(keys.join("."), overrides);
  const inFile = node ? `${path}:${lineOf(text, node.offset)}` : path;
  return {
    place: setting === undefined ? inFile : `--set ${setting}`,
    what: problemOf(issue, keys, value),
    isSet: setting !== undefined,
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

/**
 * Checks the precision against the method and the device.
 * @throws UserError where one of them cannot use narrow weights
 */
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
      phrase`precision: the method "${method.kind}" trains the backbone itself, which "${weights}" requires to be frozen`,
      phrase`Use "fp32", or a method that does not train the backbone.`,
    ).about(["precision"]);
  if (device !== "auto" && device !== "cpu" && device !== "torch")
    throw new UserError(
      "precision-needs-processor",
      phrase`precision: "${weights}" is for the processor and for PyTorch, not for "${device}"`,
      phrase`Use engine.device "cpu", "torch" or "auto", or precision "fp32".`,
    ).about(["precision"]);
  return experiment;
}

/**
 * Checks that settings of PyTorch belong to an engine that may be PyTorch.
 * @throws UserError where they would do nothing
 */
function checkTorchSettings(experiment: Experiment): Experiment {
  const { engine } = experiment;
  const { device } = engine;
  if (device === "torch" || device === "auto") return experiment;
  for (const key of ["torchDevice", "compute", "tf32"] as const)
    if (engine[key] !== undefined)
      throw new UserError(
        "setting-needs-torch",
        phrase`engine.${key}: it is for engine.device "torch", and does nothing on "${device}"`,
        phrase`Leave it out, or use engine.device "torch" or "auto".`,
      ).about(["engine", key]);
  return experiment;
}

/**
 * Checks that a checkpoint can be chosen by what evaluations compute.
 * @throws UserError where they compute the loss alone, and it is chosen by something else
 */
function checkPrediction({ training: { prediction, selection } }: Experiment): void {
  if (prediction !== "loss" || selection === "loss") return;
  throw new UserError(
    "selection-needs-predictions",
    phrase`training.selection: "${selection}" needs predictions, and training.prediction "loss" makes none`,
    phrase`Set training.selection to "loss", or predict.`,
  ).about(["training", "selection"]);
}

/**
 * The text of an experiment file.
 * @throws UserError where there is no file, or a very large one
 */
export function experimentText(path: string): string {
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

/**
 * Parses a value of the file.
 * @param file `about`: names the run, where the file has several
 * @throws UserError with the line of each problem
 */
function parseAs<T>(schema: z.ZodType<T>, file: Checked & { about?: Phrase | undefined }): T {
  const parsed = schema.safeParse(file.value);
  if (parsed.success) return parsed.data;
  const tree = parseTree(file.text);
  const issues = parsed.error.issues.flatMap((issue) => problemsBehind(issue));
  const [first] = issues;
  const more = issues.length - MOST_PROBLEMS;
  const problems = issues.slice(0, MOST_PROBLEMS).map((issue) => describe(file, tree, issue));
  const rest = more > 0 ? [phrase`${file.path}: and ${more} more`] : [];
  const lines = problems.map(({ place, what }) => phrase`${place}: ${what}${file.about ?? ""}`);
  const message = listed([...lines, ...rest], "\n");
  const action = problems.every(({ isSet }) => isSet)
    ? phrase`Correct what --set gives.`
    : phrase`Correct the experiment file.`;
  const error =
    first?.code === "unrecognized_keys" && problems.length === 1
      ? new UserError("experiment-key-unknown", message, action)
      : new UserError("experiment-malformed", message, action);
  throw error.about(
    first === undefined ? [] : keysOf(first),
    listed([...problems.map(({ what }) => what), ...rest], "\n"),
  );
}

/**
 * Reads the runs of an experiment file (JSON with comments), with every default filled in and absolute paths of
 * existing files. It is one run unless the file has seeds or a sweep.
 * @param overrides assignments of `--set`, e.g. "training.steps=200"
 * @param sweepId the id that the runs of a sweep share
 * @throws UserError naming file, line and key of what is wrong
 */
export function readExperiments(path: string, overrides: readonly string[] = [], sweepId = ""): Experiment[] {
  return experimentsOf(path, experimentText(path), overrides, sweepId);
}

/** Like `readExperiments`, for a text that may not be saved yet. @param path the file's path, saved or not */
export function experimentsOf(
  path: string,
  text: string,
  overrides: readonly string[] = [],
  sweepId = "",
): Experiment[] {
  const errors: UserError[] = [];
  const read = experimentPoints(path, text, overrides, sweepId).flatMap((point) => {
    const own: Experiment[] = [];
    errors.push(...caught(() => own.push(point.read())));
    return own;
  });
  throwAll(errors);
  return read;
}

/**
 * One run of a file, which `read` parses and checks; it throws as `readExperiments` does. `origin`: the parts of the
 * file's sweep that its values come from.
 */
export interface ExperimentPoint {
  origin: Origin;
  read: () => Experiment;
}

/**
 * The runs of a text, each to be read by itself.
 * @throws UserError where the file as a whole is wrong
 */
export function experimentPoints(
  path: string,
  text: string,
  overrides: readonly string[] = [],
  sweepId = "",
): ExperimentPoint[] {
  const raw = objectOf(path, text, overrides);
  const folder = dirname(resolve(path));
  const missing = missingPlaces(raw, folder);
  const { seeds, sweep } = together(missing, () => parseAs(ExperimentFile, { path, text, value: raw, overrides }));
  const { seeds: _, sweep: __, ...single } = raw;
  const finish = (value: unknown, about?: Phrase): Experiment => {
    const absent = missingPlaces(value, folder);
    const parsed = together(absent, () => parseAs(ResolvedExperiment, { path, text, value, overrides, about }));
    const wrong = [
      () => fillRates(parsed, path),
      () => checkPrecision(parsed),
      () => checkTorchSettings(parsed),
      () => checkPrompt(parsed),
      () => checkPrediction(parsed),
    ];
    throwAll([...wrong.flatMap(caught), ...absent]);
    return resolvePaths(fillShots(fillRates(parsed, path)), folder);
  };
  if (seeds === undefined && sweep === undefined)
    return [{ origin: { method: undefined, settings: [] }, read: () => finish(single) }];
  const points = expandSweep(single, seeds, sweep ?? Sweep.parse({}));
  return points.map(({ experiment, label, variant, tune, origin, id, arm }, index) => {
    const part = {
      sweep: sweepId,
      name: String(raw["name"]),
      ...(variant !== "" && { variant }),
      index,
      of: points.length,
      tune,
      ...(arm !== undefined && { arm }),
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

/**
 * Reads a file that has one run.
 * @throws UserError where it has several, or as `readExperiments` does
 */
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
