import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { getNodePath, findNodeAtLocation, parseTree, parse, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import type { z } from "zod";
import { UserError } from "./errors.ts";
import { defaultRates } from "./learningRates.ts";
import { ExperimentFile, type Experiment } from "./experiment.ts";

export const EMBEDDED = "tiny-t5";

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function parseText(path: string, text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first) throw new UserError(`${path}:${lineOf(text, first.offset)}: not valid JSON (${printParseErrorCode(first.error)}).`, "Correct that line.");
  return value;
}

/** Sets `a.b.c=value` in a parsed file; the value is JSON where it parses as such, else a string. @throws UserError if it has no "=" */
function override(root: unknown, assignment: string): void {
  const at = assignment.indexOf("=");
  if (at < 1) throw new UserError(`--set ${assignment}: write it as path=value, for example training.steps=200.`);
  const keys = assignment.slice(0, at).split(".");
  const raw = assignment.slice(at + 1);
  let value: unknown = raw;
  try { value = JSON.parse(raw); } catch { /* a plain string */ }
  let place = root as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    if (typeof place[key] !== "object" || place[key] === null) place[key] = {};
    place = place[key] as Record<string, unknown>;
  }
  const last = keys.at(-1)!;
  if (["__proto__", "constructor", "prototype"].some((name) => keys.includes(name))) throw new UserError(`--set ${assignment}: not a key of an experiment.`);
  place[last] = value;
}

function nearestNode(tree: Node | undefined, path: PropertyKey[]): Node | undefined {
  for (let length = path.length; tree && length >= 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length).map((key) => (typeof key === "symbol" ? String(key) : key)));
    if (node && getNodePath(node).length === length) return node;
  }
  return undefined;
}

function describe(path: string, text: string, issue: z.core.$ZodIssue): string {
  const extra = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const keys = extra === undefined ? issue.path : [...issue.path, extra];
  const node = nearestNode(parseTree(text), keys);
  const place = node ? `${path}:${lineOf(text, node.offset)}` : path;
  const key = keys.map(String).join(".");
  return extra === undefined ? `${place}: ${key || "the file"}: ${issue.message}` : `${place}: ${key}: unknown key`;
}

function requireFile(path: string, key: string): string {
  if (!existsSync(path) || !statSync(path).isFile()) throw new UserError(`${key}: there is no file ${path}.`, "Paths are relative to the experiment file.");
  return path;
}

function resolvePaths(experiment: Experiment, folder: string): Experiment {
  const { task, backbone } = experiment;
  const model = backbone === EMBEDDED ? backbone : resolve(folder, backbone);
  if (model !== EMBEDDED && !(existsSync(model) && statSync(model).isDirectory())) {
    throw new UserError(`backbone: there is no folder ${model}.`, `Give a Hugging Face T5 folder, relative to the experiment file, or "${EMBEDDED}".`);
  }
  if (task.kind === "named") {
    const data = resolve(folder, task.folder);
    if (!(existsSync(data) && statSync(data).isDirectory())) throw new UserError(`task.folder: there is no folder ${data}.`, "Paths are relative to the experiment file.");
    return { ...experiment, backbone: model, task: { ...task, folder: data } };
  }
  if (task.kind !== "file") return { ...experiment, backbone: model };
  const file = (key: "train" | "validation" | "test"): string | undefined => (task[key] === undefined ? undefined : requireFile(resolve(folder, task[key]), `task.${key}`));
  return { ...experiment, backbone: model, task: { ...task, train: file("train")!, validation: file("validation"), test: file("test") } };
}

/** The peak learning rate of each group that the method has. */
function fillRates(experiment: Experiment, path: string): Experiment {
  const { method, training } = experiment, defaults = defaultRates(method);
  const stray = Object.keys(training.learningRate).find((group) => !(group in defaults));
  if (stray !== undefined) throw new UserError(`${path}: training.learningRate.${stray}: the method "${method.kind}" has no such group of tensors; it has ${Object.keys(defaults).join(", ")}.`);
  return { ...experiment, training: { ...training, learningRate: { ...defaults, ...training.learningRate } } };
}

/**
 * An experiment file (JSON with comments) with every default filled in and its paths absolute; the files it names exist.
 * @param overrides assignments as of `--set`, e.g. "training.steps=200"
 * @throws UserError naming file, line and key of what is wrong
 */
export function readExperiment(path: string, overrides: readonly string[] = []): Experiment {
  const full = resolve(path);
  if (!existsSync(full)) throw new UserError(`There is no experiment file ${full}.`);
  const text = readFileSync(full, "utf8").replace(/^\uFEFF/, "");
  const value = parseText(path, text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new UserError(`${path}: an experiment is one JSON object.`);
  for (const assignment of overrides) override(value, assignment);
  const parsed = ExperimentFile.safeParse(value);
  if (!parsed.success) throw new UserError(parsed.error.issues.map((issue) => describe(path, text, issue)).join("\n"), "Correct the experiment file.");
  return resolvePaths(fillRates(parsed.data, path), dirname(full));
}
