import { dirname } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explainTexts } from "./analysis/explainTexts.ts";
import { ablatedParameters } from "./analysis/ablation/ablatedParameters.ts";
import { loadSlurm } from "./executor/loadSlurm.ts";
import { workQueue } from "./executor/workQueue.ts";
import { ResolvedExperiment } from "./experiment/experiment.ts";
import { UserError } from "./base/errors.ts";
import { RunDirectory } from "./run/directory/runDirectory.ts";
import { locatedExperiment } from "./run/inputs/inputPlaces.ts";
import { askedAnalyses } from "./worker/analyse/askedAnalyses.ts";
import { analyseRun } from "./worker/analyse/analyseRun.ts";
import { calibrate } from "./worker/device/calibrate.ts";
import { compareJob } from "./worker/analyse/compareJob.ts";
import { exportTo } from "./worker/exportJob.ts";
import { downloadJob } from "./worker/downloadJob.ts";
import { findModels, listKnownModels } from "./worker/modelsJob.ts";
import { measureExperiment } from "./worker/device/measureJob.ts";
import { endWithParent } from "./worker/parentWatch.ts";
import { textsFrom } from "./worker/analyse/textsFrom.ts";
import { LEFT_CODE } from "./worker/train/leftRun.ts";
import { runTraining } from "./worker/train/trainJob.ts";

const USAGE =
  "usage: worker.js train RUNPATH --folder FOLDER [--resume] [--start NUMBER] | task SUBMISSION INDEX --folder FOLDER | probe FOLDER | compare RUNPATH... | analyse RUNPATH --folder FOLDER [--only NAMES] | queue RUNSDIR --folder FOLDER --device DEVICE | measure EXPERIMENT | calibrate - | export RUNPATH --out FOLDER [--folded] | explain RUNPATH < TEXTS | download OWNER/NAME --out FOLDER | models TEXT; with --parent PID it ends with that process";

const OPTIONS = {
  folder: { type: "string" },
  device: { type: "string", default: "cpu" },
  resume: { type: "boolean", default: false },
  start: { type: "string" },
  only: { type: "string" },
  out: { type: "string", default: "." },
  folded: { type: "boolean", default: false },
  parent: { type: "string" },
} as const;

interface Request {
  path: string;
  /** All paths, `path` first. */
  paths: readonly string[];
  /** The folder whose git repository gets the commits. */
  folder: string;
  values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];
  signal: AbortSignal;
  /** What `signal` is of. */
  stop: AbortController;
}

/** Trains the run of a cluster's task; asked to leave its node, it leaves as Slurm wants it. */
async function workTask(of: { path: string; index: number }, folder: string, stop: AbortController): Promise<number> {
  const workerPath = fileURLToPath(import.meta.url);
  const { slurmTask, leaveNode, submitRest } = loadSlurm(workerPath);
  const task = slurmTask(of.path, of.index);
  // The run has been deleted, or another submission has it.
  if (task === undefined) return 0;
  const { run, request, placed, timeSignal } = task;
  const { signal } = stop;
  let asked: "time" | "end" = "end";
  if (timeSignal !== undefined)
    process.on(timeSignal, () => {
      if (!signal.aborted) asked = "time";
      stop.abort();
    });
  const resume = run.record().start > 0;
  const how = { folder, resume, request, placed, signal, ablate: ablatedParameters, analyse: askedAnalyses };
  const code = await runTraining(run, how);
  if (code === LEFT_CODE) await leaveNode(task, asked);
  else await submitRest({ runsDir: dirname(run.path), folder, workerPath, nodePath: process.execPath });
  return code;
}

/** Jobs that end in an orderly way when asked to; any other is ended at once, since it leaves nothing behind. */
const ORDERLY = ["train", "task", "queue", "analyse", "download", "export"];

/** Each job by its name; it returns an exit code. */
const JOBS: Readonly<Record<string, (request: Request) => Promise<number>>> = {
  train: ({ path, folder, values, signal }) =>
    runTraining(RunDirectory.open(path), {
      folder,
      resume: values.resume,
      request: values.start === undefined ? {} : { number: Number(values.start) },
      signal,
      ablate: ablatedParameters,
      analyse: askedAnalyses,
    }),
  task: ({ paths: [path = "", index], folder, stop }) => workTask({ path, index: Number(index) }, folder, stop),
  probe: ({ path }) => {
    const workerPath = fileURLToPath(import.meta.url);
    loadSlurm(workerPath).answerProbe(path, workerPath);
    return Promise.resolve(0);
  },
  queue: async ({ path, folder, values, signal }) => {
    const workerPath = fileURLToPath(import.meta.url);
    await workQueue({ runsDir: path, device: values.device, folder, workerPath, nodePath: process.execPath }, signal);
    return 0;
  },
  analyse: ({ path, folder, values, signal }) =>
    analyseRun(RunDirectory.open(path), { folder, names: values.only?.split(",") ?? [], signal }),
  compare: ({ paths }) => printed(() => Promise.resolve(compareJob(paths.map((each) => RunDirectory.open(each))))),
  measure: ({ path, signal }) => printed(() => measureExperiment(path, signal)),
  calibrate: () => printed(async () => calibrate(ResolvedExperiment.parse(await json(process.stdin)))),
  download: ({ path, values, signal }) => downloadJob(path, values.out, signal),
  // "-" stands for the models that are known to work.
  models: ({ path, signal }) =>
    printed(() => (path === "-" ? Promise.resolve(listKnownModels()) : findModels(path, signal))),
  export: ({ path, values }) =>
    printed(() =>
      Promise.resolve(exportTo(RunDirectory.open(path), { out: values.out, folded: values.folded, force: false })),
    ),
  explain: ({ path }) =>
    printed(async () => {
      const run = RunDirectory.open(path);
      return explainTexts(locatedExperiment(run), run.adapterPath, await textsFrom(process.stdin));
    }),
};

/** Runs one job in this process, or one device's queue of jobs; the output is the run's log.txt. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [name = "", ...paths] = positionals;
  const [path] = paths;
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : undefined;
  if (job === undefined || path === undefined) {
    console.error(USAGE);
    return 2;
  }
  const stop = new AbortController();
  if (values.parent !== undefined) endWithParent(Number(values.parent));
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    if (ORDERLY.includes(name))
      process.on(signal, () => {
        stop.abort();
      });
  return job({ path, paths, folder: values.folder ?? process.cwd(), values, signal: stop.signal, stop });
}

/** Prints the result of a job as JSON, or the error and what the user can do about it. */
async function printed(work: () => Promise<unknown>): Promise<number> {
  try {
    process.stdout.write(JSON.stringify({ result: await work() }));
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stdout.write(JSON.stringify({ error: error.data }));
    return 1;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
