import { distilledMethod } from "../../method/distilledMethod.ts";
import { resolve } from "node:path";
import { engineHere } from "../../engine/device/devicesHere.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { defaultRates } from "../../method/learningRates.ts";
import { MethodInput } from "../../method/methodSpec.ts";
import { loadAdapter, saveAdapter } from "../../adapter/adapterFolder.ts";
import type { ModelPool } from "../../model/modelPool.ts";
import type { TeacherOutputs } from "../../model/teacherFeeds.ts";
import { loadTask } from "../../task/loadTask.ts";
import { encodeAll } from "../../training/batch/exampleEncoder.ts";
import { copiedWeights } from "../../training/copiedWeights.ts";
import { distil, type SourceTask } from "../../training/distillation.ts";
import { openExperimentModel } from "../../training/prepare.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { toldPreparing } from "../toldPreparing.ts";
import { writeFolderAtomic } from "../../base/files/atomicFolder.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { abortOnInterrupt } from "../interrupts.ts";
import { namedRun } from "../namedRun.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const STUDENT = distilledMethod();

interface Teacher {
  model: ModelPool;
  task: SourceTask<TeacherOutputs>;
}

async function openTeacher(run: RunDirectory): Promise<Teacher> {
  const given = locatedExperiment(run);
  const experiment = { ...given, engine: engineHere(given.engine) };
  if (experiment.method.kind !== STUDENT.distillation.teacher)
    throw new UserError(
      "teacher-not-prompt-tuning",
      phrase`Run ${run.id} trained "${experiment.method.kind}": a teacher is a run of prompt tuning`,
      phrase`Train one with method.kind "${STUDENT.distillation.teacher}" for each source task.`,
    );
  await copiedWeights(experiment, toldPreparing());
  const { model, encoder } = await openExperimentModel(experiment);
  const { train } = await loadTask(experiment.task);
  const { parameters } = loadAdapter(run.adapterPath, model.shape.layout);
  return {
    model,
    task: {
      examples: await encodeAll(train, encoder),
      teach: (batch) => model.forward(parameters, batch),
    },
  };
}

/** Parses the value of an option as a whole number of at least 1. @throws WrongUse naming the option */
function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new WrongUse(`--${name} must be a whole number of at least 1`);
  return value;
}

const OPTIONS = {
  out: { type: "string", value: "DIR", required: true, help: "folder of the adapter" },
  steps: { type: "string", value: "N", default: "500", help: "training steps" },
  "batch-size": { type: "string", value: "N", default: "16", help: "examples of each task in a step" },
  weight: { type: "string", value: "W", default: "0.9", help: "weight of the teachers' terms of the loss, at least 0" },
  seed: { type: "string", value: "N", default: "0", help: "seed of initialisation and batches" },
  force: { type: "boolean", help: "replaces a folder that is there" },
  ...RUN_OPTIONS,
} as const satisfies Options;

interface Settings {
  steps: number;
  batchSize: number;
  /** The weight of the teachers' terms of the loss. */
  weight: number;
  seed: number;
}

/** @throws WrongUse naming the option that does not fit */
function settingsOf(values: Parsed<typeof OPTIONS>["values"]): Settings {
  const weight = Number(values.weight);
  const seed = Number(values.seed);
  if (!(weight >= 0) || !Number.isInteger(seed))
    throw new WrongUse("--weight must be at least 0, --seed a whole number");
  return { weight, seed, steps: count("steps", values.steps), batchSize: count("batch-size", values["batch-size"]) };
}

/** The experiment of the first run. @throws UserError where another run has another backbone */
function sharedExperiment(runs: readonly RunDirectory[]): Experiment {
  const first = locatedExperiment(runs[0]!);
  const other = runs.find((each) => locatedExperiment(each).backbone !== first.backbone);
  if (other !== undefined)
    throw new UserError(
      "teacher-backbone-differs",
      phrase`Run ${other.id} has another backbone than ${runs[0]!.id}`,
      phrase`Teachers must share one.`,
    );
  return first;
}

interface Progress {
  step?: number;
  loss: number;
  /** The teachers' terms of the loss. */
  taught: number;
}

/** Distils the teachers into one prompt, and writes it as an adapter. */
async function distilInto(
  out: { folder: string; force: boolean },
  { teachers, first, settings }: { teachers: readonly Teacher[]; first: Experiment; settings: Settings },
  signal: AbortSignal,
): Promise<{ promptLength: number | undefined; last: Progress }> {
  const { steps, batchSize, weight, seed } = settings;
  const teacherSizes = teachers[0]!.model.shape.sizes;
  const method = MethodInput.parse(STUDENT.distillation.student(first.method, teacherSizes));
  const { model, sizes, initial } = await openExperimentModel({
    ...first,
    engine: engineHere(first.engine),
    method,
    seed,
  });
  try {
    let last: Progress = { loss: NaN, taught: NaN };
    const onStep = (progress: Required<Progress>): void => {
      last = progress;
      const { step, loss, taught } = progress;
      if (step % Math.max(1, Math.floor(steps / 20)) === 0)
        tell(`step ${step}/${steps} loss ${loss.toFixed(4)}, ${taught.toFixed(4)} from the teachers\n`);
    };
    const tasks = teachers.map(({ task }) => task);
    const warmup = Math.ceil(steps / 20);
    const rates = defaultRates(method);
    const { isCausal } = model.layout;
    const options = { steps, batchSize, warmup, weight, seed, isCausal, signal, rates, onStep };
    const parameters = await distil(model, tasks, initial, options);
    writeFolderAtomic(out.folder, out.force, (folder) => {
      saveAdapter(folder, { spec: method, sizes, parameters }, { backbone: first.backbone, layout: model.layout });
    });
    return { promptLength: sizes.promptLength, last };
  } finally {
    await model.release();
  }
}

/** MPT's source stage, from finished runs of prompt tuning on one backbone. */
async function run({ values, positionals }: Parsed<typeof OPTIONS>): Promise<number> {
  if (positionals.length === 0 || values.out === undefined)
    throw new WrongUse("distil takes runs of prompt tuning, and --out");
  const runs = positionals.map((wanted) => namedRun(values["runs-dir"], wanted));
  const first = sharedExperiment(runs);
  const settings = settingsOf(values);
  const { signal, ignore } = abortOnInterrupt();
  const teachers: Teacher[] = [];
  try {
    for (const each of runs) teachers.push(await openTeacher(each));
    const out = { folder: values.out, force: values.force === true };
    const { promptLength, last } = await distilInto(out, { teachers, first, settings }, signal);
    const adapter = resolve(values.out);
    const ids = runs.map(({ id }) => id);
    say(
      values.json === true
        ? JSON.stringify({ adapter, teachers: ids, steps: settings.steps, ...last })
        : `${adapter}: start a target task from it with "method": { "kind": "${STUDENT.kind}", "promptLength": ${promptLength}, "source": "${values.out}" }`,
    );
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    tell("stopped; nothing was written\n");
    return 130;
  } finally {
    for (const { model } of teachers) await model.release();
    ignore();
  }
}

export const distilCommand = command({
  summary: "learns MPT's source prompt from finished prompt-tuning runs of several tasks",
  takes: "RUN...",
  options: OPTIONS,
  examples: ["adept distil latest --out source-prompt --steps 200"],
  run,
});
