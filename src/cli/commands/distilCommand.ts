import { resolve } from "node:path";
import { engineHere } from "../../engine/device/devicesHere.ts";
import type { HostTensor } from "../../engine/program.ts";
import { UserError } from "../../base/errors.ts";
import { defaultRates } from "../../method/learningRates.ts";
import { MethodInput } from "../../method/methodSpec.ts";
import { loadAdapter, saveAdapter } from "../../adapter/adapterFolder.ts";
import type { T5TunedModel } from "../../model/tunedModel.ts";
import { loadTask } from "../../task/loadTask.ts";
import { tokenise } from "../../training/batch/tokenisedExample.ts";
import { distil, type SourceTask } from "../../training/distillation.ts";
import { openExperimentModel } from "../../training/prepare.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { writeFolderAtomic } from "../../base/files/atomicFolder.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { namedRun } from "../namedRun.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

interface Teacher {
  model: T5TunedModel;
  task: SourceTask<{ logits: HostTensor; encoded: HostTensor }>;
}

async function openTeacher(run: RunDirectory): Promise<Teacher> {
  const given = locatedExperiment(run);
  const experiment = { ...given, engine: engineHere(given.engine) };
  if (experiment.method.kind !== "pt")
    throw new UserError(
      `Run ${run.id} trained "${experiment.method.kind}": a teacher is a run of prompt tuning`,
      'Train one with method.kind "pt" for each source task.',
    );
  const {
    model: { local: model },
    tokenizer,
  } = await openExperimentModel(experiment);
  const { train } = await loadTask(experiment.task);
  const { parameters } = loadAdapter(run.adapterPath, model.shape.layout);
  return {
    model,
    task: {
      examples: await tokenise(train, tokenizer, experiment.training),
      teach: (batch) => model.forward(parameters, batch),
    },
  };
}

/** Whole numbers of at least 1, as given on the command line. */
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

/** MPT's source stage, from finished runs of prompt tuning on one backbone. */
async function run({ values, positionals }: Parsed<typeof OPTIONS>): Promise<number> {
  if (positionals.length === 0 || values.out === undefined)
    throw new WrongUse("distil takes runs of prompt tuning, and --out");
  const runs = positionals.map((wanted) => namedRun(values["runs-dir"], wanted));
  const first = locatedExperiment(runs[0]!);
  const weight = Number(values.weight);
  const seed = Number(values.seed);
  const other = runs.find((run) => locatedExperiment(run).backbone !== first.backbone);
  if (other !== undefined)
    throw new UserError(`Run ${other.id} has another backbone than ${runs[0]!.id}`, "Teachers must share one.");
  if (!(weight >= 0) || !Number.isInteger(seed))
    throw new WrongUse("--weight must be at least 0, --seed a whole number");
  const steps = count("steps", values.steps);
  const batchSize = count("batch-size", values["batch-size"]);
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  const teachers: Teacher[] = [];
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    for (const run of runs) teachers.push(await openTeacher(run));
    const promptLength = teachers[0]!.model.shape.sizes.promptLength;
    const init = first.method.kind === "pt" ? first.method : undefined;
    const method = MethodInput.parse({
      kind: "mpt",
      promptLength,
      promptInit: init?.promptInit,
      initText: init?.initText,
    });
    const {
      model: { local: model },
      sizes,
      initial,
    } = await openExperimentModel({ ...first, engine: engineHere(first.engine), method, seed });
    try {
      let last = { loss: NaN, taught: NaN };
      const onStep = (told: { step: number; loss: number; taught: number }): void => {
        last = told;
        if (told.step % Math.max(1, Math.floor(steps / 20)) === 0)
          tell(
            `step ${told.step}/${steps} loss ${told.loss.toFixed(4)}, ${told.taught.toFixed(4)} from the teachers\n`,
          );
      };
      const parameters = await distil(
        model,
        teachers.map(({ task }) => task),
        initial,
        {
          steps,
          batchSize,
          warmup: Math.ceil(steps / 20),
          weight,
          seed,
          signal: stop.signal,
          rates: defaultRates(method),
          onStep,
        },
      );
      writeFolderAtomic(values.out, values.force === true, (folder) => {
        saveAdapter(folder, { spec: method, sizes, parameters }, { backbone: first.backbone, width: model.width });
      });
      say(
        values.json === true
          ? JSON.stringify({ adapter: resolve(values.out), teachers: runs.map(({ id }) => id), steps, ...last })
          : `${resolve(values.out)}: start a target task from it with "method": { "kind": "mpt", "promptLength": ${promptLength}, "source": "${values.out}" }`,
      );
      return 0;
    } finally {
      await model.release();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    tell("stopped; nothing was written\n");
    return 130;
  } finally {
    for (const { model } of teachers) await model.release();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

export const distilCommand = command({
  summary: "learns MPT's source prompt from finished prompt-tuning runs of several tasks",
  takes: "RUN...",
  options: OPTIONS,
  examples: ["adept distil latest --out source-prompt --steps 200"],
  run,
});
