import { dirname, resolve } from "node:path";
import { parse, type ParseError } from "jsonc-parser";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { ExperimentFile, type Experiment } from "../../experiment/experiment.ts";
import { explained } from "../../base/text/explain.ts";
import { defaultRates } from "../../method/learningRates.ts";
import { outOfBounds } from "../../base/jsonBounds.ts";
import { experimentPoints, type ExperimentPoint } from "../../experiment/readExperiment.ts";
import type { CheckAnswer } from "../../protocol/setupQuestions.ts";
import type { MethodSizes } from "../../method/sizes.ts";
import { checkData, type Locate } from "./checkData.ts";
import { checkExamples } from "./checkExamples.ts";
import { checkMethod, Layouts, strayRate } from "./checkMethod.ts";
import { checkPlaces, placesOf } from "./checkPlaces.ts";
import { checkReading } from "./checkReading.ts";
import { checkSchema, strayKey } from "./checkSchema.ts";
import { ExperimentText, type Key } from "./experimentText.ts";
import { KnownFields } from "./knownFields.ts";

/** What `checkPlaces` and the check of learning rates have told of the file itself. */
const SAID = [
  "experiment-file-missing",
  "source-folder-missing",
  "backbone-folder-missing",
  "task-folder-missing",
  "learning-rate-group-unknown",
];
/** The number of problems at which checking the runs of a sweep ends. */
const MOST = 50;

/**
 * Checks an experiment file before it is trained: paths, templates, budgets, learning rates. Problems of the file are
 * returned, not thrown.
 */
export async function checkExperiment(path: string, text: string, known = new KnownFields()): Promise<CheckAnswer> {
  const out = outOfBounds(text);
  if (out !== undefined)
    return {
      problems: [
        {
          from: out.offset,
          to: out.offset + 1,
          severity: "error",
          code: "invalid",
          schema: false,
          message: phrase`an experiment cannot have ${out.what}`,
          fixes: [],
        },
      ],
      places: [],
    };
  const own = new ExperimentText(text);
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const folder = dirname(resolve(path));
  if (errors.length > 0 || typeof value !== "object" || value === null) return { problems: [], places: [] };
  const parsed = ExperimentFile.safeParse(value);
  const answer = { problems: own.problems, places: [...new Set(placesOf(own, folder).map((place) => place.path))] };
  if (!parsed.success) checkSchema(own, parsed.error.issues);
  checkPlaces(own, folder);
  if (!parsed.success) return answer;
  const { name, method, training } = parsed.data;
  if (method !== undefined)
    for (const group of Object.keys(training.learningRate).filter((each) => !(each in defaultRates(method))))
      strayRate(
        own,
        method,
        ["training", "learningRate", group],
        phrase`The method "${method.kind}" has no tensors "${group}"; it has ${Object.keys(defaultRates(method)).join(", ")}.`,
      );
  const isWhole = own.problems.length === 0;
  const runs = readRuns(own, path);
  const isRead = own.problems.length === 0;
  // Of a sweep, the runs that can be read are checked though others cannot.
  const checked = isWhole ? await checkRuns(own, runs, known) : {};
  return isRead ? { ...answer, name, runs: runs.length, ...checked } : { ...answer, name };
}

/** A run of a file that could be read. */
export interface ReadRun {
  experiment: Experiment;
  at: Locate;
}

/** The runs of a file; those that cannot be read are reported as problems. */
function readRuns(text: ExperimentText, path: string): ReadRun[] {
  let points: ExperimentPoint[] = [];
  try {
    points = experimentPoints(path, text.text);
  } catch (error) {
    tellUnread(text, error, (keys) => keys);
  }
  return points.flatMap((point) => {
    const at = locate(text, point);
    if (text.problems.length >= MOST) return [];
    try {
      return [{ experiment: point.read(), at }];
    } catch (error) {
      tellUnread(text, error, at);
      return [];
    }
  });
}

/**
 * Locates a run's key in the file: among the values of its sweep, in its entry of `sweep.methods`, or at the key
 * itself.
 */
export function locate(text: ExperimentText, { origin: { method, settings } }: ExperimentPoint): Locate {
  return (keys) => {
    const set = settings.find(({ key }) => key === keys.join(".") || keys.join(".").startsWith(`${key}.`));
    if (set !== undefined) return [...set.place, ...keys.slice(set.key.split(".").length)];
    const own: readonly Key[] =
      keys[0] === "method" && method !== undefined ? ["sweep", "methods", method, ...keys.slice(1)] : keys;
    return keys.join(".") === "method.budget" && !text.has(own) && text.has(["sweep", "budget"])
      ? ["sweep", "budget"]
      : own;
  };
}

/** Reports why a run cannot be read, at the key that is wrong. */
function tellUnread(text: ExperimentText, problem: unknown, at: Locate): void {
  if (!(problem instanceof UserError)) throw problem;
  for (const part of problem.parts ?? [problem])
    if (text.problems.length === 0 || !SAID.includes(part.code)) tellPart(text, part, at);
}

function tellPart(text: ExperimentText, error: UserError, at: Locate): void {
  // The squiggle's place already shows the file and the run, so the message (`bare`) need not name them.
  const keys = (error.keys ?? []).map(String);
  const place = at(keys);
  if (error.code === "experiment-key-unknown")
    strayKey(text, keys, false, typeof place.at(-1) === "number" ? place.slice(0, -1) : place);
  else if (keys[1] === "learningRate") strayRate(text, undefined, keys, error.bare);
  else if (keys[0] === "precision") {
    const held = text.find([...place, "weights"]) === undefined ? place : [...place, "weights"];
    text.tell(held, {
      code: "precision",
      message: explained(error.bare, error.actionPhrase),
      fixes: [
        ...text.replace(held, "fp32"),
        ...text.replace(["engine", "device"], "cpu"),
        ...(text.string(["engine"]) === undefined ? [] : text.replace(["engine"], "cpu")),
      ],
    });
  } else if (error.code === "setting-needs-torch")
    text.tell(place, {
      code: "experiment",
      message: explained(error.bare, error.actionPhrase),
      fixes: [...text.remove(place), ...text.replace(["engine", "device"], "torch")],
    });
  else if (error.code === "plain-form-of-all-answers")
    text.tell(place, {
      code: "experiment",
      message: explained(error.bare, error.actionPhrase),
      fixes: [...text.replace(place, "chat"), ...text.replace(at(["task", "trainOn"]), "last")],
    });
  else text.tell(place, { code: "experiment", message: explained(error.bare, error.actionPhrase) });
}

/**
 * Checks the data, methods and backbones of the runs, each once: a sweep has hundreds of runs of a few tasks and
 * methods.
 * @returns the sizes of the file's method, where it has one method
 */
export async function checkRuns(
  text: ExperimentText,
  runs: readonly ReadRun[],
  known: KnownFields,
): Promise<Pick<CheckAnswer, "sizes">> {
  const layouts = new Layouts();
  const sizes: (MethodSizes | undefined)[] = [];
  await checkTasks(text, runs, known);
  for (const { experiment, at } of onceEach(runs, methodKey)) {
    if (text.problems.length >= MOST) break;
    sizes.push(checkMethod(text, experiment, layouts, at));
  }
  for (const { experiment, at } of onceEach(runs, readingKey)) {
    if (text.problems.length >= MOST) break;
    const layout = layouts.known(experiment.backbone);
    if (layout !== undefined) await checkReading(text, experiment, layout, { at, known });
  }
  const [own] = sizes;
  const place = text.find(["method", "budget"]) ?? text.find(["method", "kind"]);
  return own === undefined || place === undefined
    ? {}
    : {
        sizes: {
          from: place.offset,
          to: place.offset + place.length,
          promptLength: own.promptLength ?? 0,
          bottleneck: own.bottleneck ?? own.rank ?? 0,
          count: own.count,
        },
      };
}

/** Checks each task once, and the labels of those whose data are right. */
async function checkTasks(text: ExperimentText, runs: readonly ReadRun[], known: KnownFields): Promise<void> {
  const tasks = onceEach(runs, ({ experiment }) => taskOf(experiment));
  const right = new Set<string>();
  for (const { experiment, at } of tasks) {
    if (text.problems.length >= MOST) return;
    if (await checkData(text, experiment, { known, at, alone: tasks.length === 1 }))
      right.add(JSON.stringify(taskOf(experiment)));
  }
  for (const { experiment, at } of onceEach(runs, ({ experiment: each }) => [taskOf(each), each.training.prediction])) {
    if (text.problems.length >= MOST) return;
    if (right.has(JSON.stringify(taskOf(experiment)))) await checkExamples(text, experiment, { at, known });
  }
}

/** A run's task, whatever the seed that draws its few shots. */
const taskOf = ({ task }: Experiment): object =>
  task.shots === undefined ? task : { ...task, shots: { ...task.shots, seed: undefined } };

const methodKey = ({ experiment: { method, backbone, training } }: ReadRun): unknown => [
  method,
  backbone,
  training.maxSourceLength,
  training.maxTargetLength,
];

const readingKey = ({ experiment }: ReadRun): unknown => [taskOf(experiment), experiment.prompt, experiment.backbone];

/** The first run of each key. */
function onceEach(runs: readonly ReadRun[], keyOf: (run: ReadRun) => unknown): ReadRun[] {
  const first = new Map<string, ReadRun>();
  for (const run of runs) {
    const key = JSON.stringify(keyOf(run));
    if (!first.has(key)) first.set(key, run);
  }
  return [...first.values()];
}
