import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { findNodeAtLocation, parse, parseTree, type Node, type ParseError } from "jsonc-parser";
import type { z } from "zod";
import { readT5Config } from "../backbone/t5Config.ts";
import { t5Layout, type BackboneLayout } from "../backbone/t5Layout.ts";
import { BackboneWeights } from "../backbone/weights.ts";
import { UserError } from "../experiment/errors.ts";
import { ExperimentFile, type Experiment } from "../experiment/experiment.ts";
import { defaultRates } from "../experiment/learningRates.ts";
import { nearestNames } from "../experiment/nearestName.ts";
import { experimentsOf } from "../experiment/readExperiment.ts";
import type { CheckAnswer, Problem } from "../experiment/setupProtocol.ts";
import { fieldNames, templateParts } from "../experiment/templateParts.ts";
import { positionRows } from "../method/positionTable.ts";
import { resolveSizes } from "../method/sizes.ts";
import { columnsOf } from "../task/template.ts";
import { splitFiles, TRAINING_FILES } from "../task/splitFiles.ts";
import { backboneFolder, EMBEDDED_BACKBONE } from "../training/backboneFolder.ts";
import { KnownData } from "./knownData.ts";

type Key = string | number;
type Fix = Problem["fixes"][number];
/** Rows of a data file whose columns are looked at. */
const ROWS = 200;

/** Finds what is wrong with one experiment's text, where it is, and what would mend it. */
class Check {
  readonly problems: Problem[] = [];
  private readonly root: Node | undefined;

  constructor(readonly path: string, readonly text: string) { this.root = parseTree(text, [], { allowTrailingComma: true }); }

  /** The node of a key, or of the nearest key above it that the file has. */
  node(keys: readonly Key[]): Node | undefined {
    for (let length = keys.length; this.root !== undefined && length >= 0; length--) {
      const found = findNodeAtLocation(this.root, [...keys.slice(0, length)]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  tell(keys: readonly Key[], problem: { code: string; message: string; severity?: Problem["severity"]; schema?: boolean; fixes?: Fix[] }): void {
    const node = this.node(keys);
    // Of a whole object the brace alone is marked.
    const from = node?.offset ?? 0, to = node === undefined ? 1 : node.type === "object" || node.type === "array" ? from + 1 : from + node.length;
    this.problems.push({ from, to, severity: "error", schema: false, fixes: [], ...problem });
  }

  /** Puts a value in the place of a key's, as JSON. */
  replace(keys: readonly Key[], value: unknown, title = `Change to ${JSON.stringify(value)}`): Fix[] {
    const node = this.root && findNodeAtLocation(this.root, [...keys]);
    return node === undefined ? [] : [{ title, edits: [{ from: node.offset, to: node.offset + node.length, text: JSON.stringify(value) }] }];
  }

  /** Gives a key another name. */
  rename(keys: readonly Key[], name: string): Fix[] {
    const property = this.property(keys)?.children?.[0];
    return property === undefined ? [] : [{ title: `Change to "${name}"`, edits: [{ from: property.offset, to: property.offset + property.length, text: JSON.stringify(name) }] }];
  }

  /** Takes a key out, with the comma that parts it from its neighbour. */
  remove(keys: readonly Key[]): Fix[] {
    const property = this.property(keys), siblings = property?.parent?.children ?? [], at = property === undefined ? -1 : siblings.indexOf(property), next = siblings[at + 1], before = siblings[at - 1];
    if (property === undefined) return [];
    const from = next === undefined && before !== undefined ? before.offset + before.length : property.offset, to = next === undefined ? property.offset + property.length : next.offset;
    return [{ title: `Remove "${String(keys.at(-1))}"`, edits: [{ from, to, text: "" }] }];
  }

  property(keys: readonly Key[]): Node | undefined {
    const node = this.root && findNodeAtLocation(this.root, [...keys]);
    return node?.parent?.type === "property" ? node.parent : undefined;
  }

  has(keys: readonly Key[]): boolean { return this.root !== undefined && findNodeAtLocation(this.root, [...keys]) !== undefined; }
}

/** What the schema finds wrong: its squiggle stands there already, what is missing is the fix. */
function schemaIssue(check: Check, issue: z.core.$ZodIssue): void {
  const keys = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      const known = knownKeys(keys, check);
      check.tell([...keys, key], { code: "unknown-key", schema: true, message: `${[...keys, key].join(".")}: unknown key`, fixes: [...nearestNames(key, known).flatMap((name) => check.rename([...keys, key], name)), ...check.remove([...keys, key])] });
      // The squiggle of VS Code's own validation is at the key's name.
      const last = check.problems.at(-1)!, property = check.property([...keys, key]);
      if (property !== undefined) Object.assign(last, { from: property.offset, to: property.offset + property.length });
    }
    return;
  }
  const value: unknown = parse(check.text.slice(check.node(keys)?.offset ?? 0, (check.node(keys)?.offset ?? 0) + (check.node(keys)?.length ?? 0)));
  const options = issue.code === "invalid_value" ? issue.values.filter((each) => typeof each === "string") : [];
  check.tell(keys, { code: issue.code === "invalid_value" ? "unknown-value" : "invalid", schema: issue.code !== "custom", message: `${keys.join(".") || "the file"}: ${issue.message}`, fixes: typeof value === "string" ? nearestNames(value, options).flatMap((name) => check.replace(keys, name)) : [] });
}

/** The keys that an object may have, from the schema's own answer to a stray one. */
function knownKeys(keys: readonly Key[], check: Check): string[] {
  let schema = ExperimentFile as unknown as Shaped;
  for (const [depth, key] of keys.entries()) schema = inside(schema, key, valueAt(check, keys.slice(0, depth + 1)));
  return Object.keys(unwrapped(schema, valueAt(check, keys)).shape ?? {});
}
interface Shaped { shape?: Record<string, Shaped>; unwrap?: () => Shaped; element?: Shaped; options?: Shaped[]; _zod?: { def: { innerType?: Shaped; discriminator?: string; values?: unknown[] } } }
const valueAt = (check: Check, keys: readonly Key[]): unknown => { const node = check.node(keys); return node === undefined ? undefined : parse(check.text.slice(node.offset, node.offset + node.length)); };
function unwrapped(schema: Shaped, value: unknown): Shaped {
  let own = schema;
  while (own._zod?.def.innerType !== undefined) own = own._zod.def.innerType;
  if (own.options === undefined) return own;
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  return unwrapped(own.options.find((each) => each.shape?.["kind"]?._zod?.def.values?.includes(kind)) ?? own.options[0]!, value);
}
function inside(schema: Shaped, key: Key, value: unknown): Shaped {
  const own = unwrapped(schema, value);
  return typeof key === "number" ? own.element ?? {} : own.shape?.[key] ?? {};
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Names beside a path that is not there. */
function beside(path: string, folder: string, wanted: (name: string, isFolder: boolean) => boolean): string[] {
  const place = dirname(path);
  if (!isFolder(place)) return [];
  const names = readdirSync(place, { withFileTypes: true }).filter((each) => !each.name.startsWith(".") && wanted(each.name, each.isDirectory())).map(({ name }) => name), near = nearestNames(basename(path), names);
  return [...new Set([...near, ...names])].slice(0, 4).map((name) => relative(folder, join(place, name)).split(sep).join("/"));
}

const isData = (name: string): boolean => /\.(jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?$/i.test(name);

/** Files and folders that the experiment names and that are not there. */
function checkPlaces(check: Check, folder: string): void {
  const value = (keys: Key[]): string | undefined => { const found = valueAt(check, keys); return typeof found === "string" ? found : undefined; }, at = (keys: Key[]): string | undefined => (check.has(keys) ? value(keys) : undefined);
  for (const key of ["train", "validation", "test"]) {
    const given = at(["task", key]), path = given === undefined ? undefined : resolve(folder, given);
    if (path !== undefined && !(existsSync(path) && statSync(path).isFile())) check.tell(["task", key], { code: "missing-file", message: `There is no file ${given!}. Paths are relative to this file.`, fixes: beside(path, folder, (name, isDirectory) => !isDirectory && isData(name)).flatMap((name) => check.replace(["task", key], name)) });
  }
  const backbone = at(["backbone"]);
  if (backbone !== undefined && backbone !== EMBEDDED_BACKBONE && !isFolder(resolve(folder, backbone))) check.tell(["backbone"], { code: "missing-folder", message: `There is no folder ${backbone}. Give a Hugging Face T5 folder, or "${EMBEDDED_BACKBONE}".`, fixes: [...beside(resolve(folder, backbone), folder, (name, isDirectory) => isDirectory && existsSync(join(dirname(resolve(folder, backbone)), name, "config.json"))), EMBEDDED_BACKBONE].flatMap((name) => check.replace(["backbone"], name)) });
  for (const keys of [["task", "folder"], ["method", "source"]]) {
    const given = at(keys);
    if (given !== undefined && !isFolder(resolve(folder, given))) check.tell(keys, { code: "missing-folder", message: `There is no folder ${given}. Paths are relative to this file.`, fixes: beside(resolve(folder, given), folder, (_, isDirectory) => isDirectory).flatMap((name) => check.replace(keys, name)) });
  }
}

/** A folder of a named task needs its training file. */
function checkFolder(check: Check, { task }: Experiment): void {
  if (task.kind !== "named") return;
  try {
    if (splitFiles(task.folder, "train").length === 0) check.tell(["task", "folder"], { code: "missing-file", message: `${task.folder} has no training file: one of ${TRAINING_FILES}.` });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    check.tell(["task", "folder"], { code: "bad-data", message: error.message });
  }
}

/** Fields that a template names and the data lack. */
async function checkTemplates(check: Check, { task }: Experiment, known: KnownData): Promise<void> {
  if (task.kind !== "file") return;
  let names: string[];
  try { names = columnsOf((await known.rows(task.train)).rows.slice(0, ROWS)); } catch (error) {
    if (!(error instanceof UserError)) throw error;
    check.tell(["task", "train"], { code: "bad-data", message: error.message });
    return;
  }
  for (const key of ["source", "target"] as const) {
    const parts = templateParts(task[key], names);
    if (parts === undefined) { check.tell(["task", key], { code: "bad-template", message: `"${task[key]}" has a brace without its partner. Write {{ or }} for a brace that is text.` }); continue; }
    for (const part of parts) {
      if ("literal" in part || fieldNames(part.field).some((name) => names.includes(name))) continue;
      const near = nearestNames(part.field.trim(), names), offered = near.length > 0 ? near : names.slice(0, 4);
      check.tell(["task", key], { code: "unknown-field", message: `The data has no field "${part.field.trim()}"; it has: ${names.join(", ")}.`, fixes: offered.flatMap((name) => check.replace(["task", key], task[key].replaceAll(`{${part.field}}`, `{${name}}`), `Use {${name}}`)) });
    }
  }
}

/** Budget, sizes, positions and rates of one run, on its backbone. */
function checkMethod(check: Check, { method, training }: Experiment, layout: BackboneLayout): ReturnType<typeof resolveSizes> | undefined {
  const rows = positionRows(method);
  if (rows !== undefined && training.maxSourceLength > rows) check.tell(["method", "positions"], { code: "positions", message: `Texts of up to ${training.maxSourceLength} tokens do not fit the ${rows} rows of method.positions.`, fixes: [...check.replace(["method", "positions"], training.maxSourceLength), ...check.replace(["training", "maxSourceLength"], rows, `Cut texts at ${rows} tokens`)] });
  try { return resolveSizes(method, layout); } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const least = Number(/at least (\d+)/.exec(error.message)?.[1]), keys = check.has(["method", "budget"]) ? ["method", "budget"] : ["sweep", "budget"];
    check.tell(keys, { code: "budget", message: `${error.message}.`, fixes: Number.isFinite(least) ? [...check.replace(keys, least, `Raise the budget to ${least}`), ...(["promptLength", "bottleneck", "rank"] as const).filter((key) => check.has(["method", key])).flatMap((key) => check.remove(["method", key]).map((fix) => ({ ...fix, title: `Let the budget decide ${key}` })))] : [] });
    return undefined;
  }
}

/** Rates of groups that the method has not. */
function checkRates(check: Check, value: z.output<typeof ExperimentFile>): void {
  if (value.method === undefined) return;
  const groups = Object.keys(defaultRates(value.method));
  for (const group of Object.keys(value.training.learningRate).filter((each) => !groups.includes(each))) {
    const keys = ["training", "learningRate", group];
    check.tell(keys, { code: "unknown-group", message: `The method "${value.method.kind}" has no tensors "${group}"; it has ${groups.join(", ")}.`, fixes: [...groups.filter((each) => !check.has(["training", "learningRate", each])).flatMap((each) => check.rename(keys, each)), ...check.remove(keys)] });
  }
}

/** Everything that can be said of an experiment file before it is trained: places, templates, budgets, rates. Nothing is thrown for what is wrong in it. */
export async function checkExperiment(path: string, text: string, data = new KnownData()): Promise<CheckAnswer> {
  const check = new Check(path, text), errors: ParseError[] = [], value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof value !== "object" || value === null) return { problems: [] };
  const parsed = ExperimentFile.safeParse(value), folder = dirname(resolve(path));
  if (!parsed.success) { for (const issue of parsed.error.issues) schemaIssue(check, issue); checkPlaces(check, folder); return { problems: check.problems }; }
  checkPlaces(check, folder);
  checkRates(check, parsed.data);
  const name = parsed.data.name;
  if (check.problems.length > 0) return { problems: check.problems, name };
  let runs: Experiment[];
  try { runs = experimentsOf(path, text); } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const key = /([a-z]\w*(?:\.\w+)+): /i.exec(error.message)?.[1]?.split(".") ?? [];
    check.tell(key, { code: "experiment", message: [error.message, error.action].filter((part) => part !== undefined).join(" ") });
    return { problems: check.problems, name };
  }
  checkFolder(check, runs[0]!);
  await checkTemplates(check, runs[0]!, data);
  return { problems: check.problems, name, runs: runs.length, ...sizesOf(check, runs) };
}

/** The sizes of a file's one method, where it has one. */
function sizesOf(check: Check, runs: readonly Experiment[]): Pick<CheckAnswer, "sizes"> {
  const layouts = new Map<string, BackboneLayout>(), [first] = runs;
  const layoutOf = (backbone: string): BackboneLayout => {
    const backboneAt = backboneFolder(backbone), known = layouts.get(backbone) ?? t5Layout(readT5Config(backboneAt, BackboneWeights.open(backboneAt).has("lm_head.weight")));
    layouts.set(backbone, known);
    return known;
  };
  try {
    const sizes = runs.map((run) => { const before = check.problems.length, own = checkMethod(check, run, layoutOf(run.backbone)); return check.problems.length > before + 1 ? undefined : own; });
    // Runs of a sweep can be wrong alike: once is enough.
    const told = new Set<string>();
    check.problems.splice(0, check.problems.length, ...check.problems.filter(({ from, message }) => { const key = `${from} ${message}`; return !told.has(key) && told.add(key); }));
    const node = check.node(["method", "budget"]), [own] = sizes;
    if (first === undefined || own === undefined || !check.has(["method"]) || node === undefined) return {};
    const place = check.has(["method", "budget"]) ? node : check.node(["method", "kind"])!;
    return { sizes: { from: place.offset, to: place.offset + place.length, promptLength: own.promptLength, bottleneck: own.bottleneck, count: own.count } };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    check.tell(["backbone"], { code: "bad-backbone", message: error.message });
    return {};
  }
}
