import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explainTexts } from "./analysis/explainTexts.ts";
import { ablatedParameters } from "./analysis/ablation/ablatedParameters.ts";
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
import { measureExperiment } from "./worker/device/measureJob.ts";
import { endWithParent } from "./worker/parentWatch.ts";
import { textsFrom } from "./worker/analyse/textsFrom.ts";
import { runTraining } from "./worker/train/trainJob.ts";

const USAGE =
  "usage: worker.js train RUNPATH --folder FOLDER [--resume] | compare RUNPATH... | analyse RUNPATH --folder FOLDER [--only NAMES] | queue RUNSDIR --folder FOLDER --device DEVICE | measure EXPERIMENT | calibrate - | export RUNPATH --out FOLDER [--folded] | explain RUNPATH < TEXTS | download OWNER/NAME --out FOLDER; with --parent PID it ends with that process";

/**
 * Jobs that end in their own way when they are asked to; any other is ended where it stands, since it leaves nothing.
 */
const ASKED = ["train", "queue", "analyse", "download", "export"];

/** One job in one process, or one device's queue of them; its output is the run's log.txt. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: "string" },
      device: { type: "string", default: "cpu" },
      resume: { type: "boolean", default: false },
      only: { type: "string" },
      out: { type: "string", default: "." },
      folded: { type: "boolean", default: false },
      parent: { type: "string" },
    },
  });
  const [job, path] = positionals;
  const folder = values.folder ?? process.cwd();
  if (
    path === undefined ||
    (job !== "train" &&
      job !== "queue" &&
      job !== "analyse" &&
      job !== "compare" &&
      job !== "measure" &&
      job !== "calibrate" &&
      job !== "download" &&
      job !== "export" &&
      job !== "explain")
  ) {
    console.error(USAGE);
    return 2;
  }
  const stop = new AbortController();
  if (values.parent !== undefined) endWithParent(Number(values.parent));
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    if (ASKED.includes(job))
      process.on(signal, () => {
        stop.abort();
      });
  if (job === "train")
    return runTraining(RunDirectory.open(path), {
      folder,
      resume: values.resume,
      signal: stop.signal,
      ablate: ablatedParameters,
      analyse: askedAnalyses,
    });
  if (job === "compare")
    return printed(() => Promise.resolve(compareJob(positionals.slice(1).map((each) => RunDirectory.open(each)))));
  if (job === "download") return downloadJob(path, values.out, stop.signal);
  if (job === "export")
    return printed(() =>
      Promise.resolve(exportTo(RunDirectory.open(path), { out: values.out, folded: values.folded, force: false })),
    );
  if (job === "explain")
    return printed(async () => {
      const run = RunDirectory.open(path);
      return explainTexts(locatedExperiment(run), run.adapterPath, await textsFrom(process.stdin));
    });
  if (job === "measure") return printed(() => measureExperiment(path, stop.signal));
  if (job === "calibrate") return printed(async () => calibrate(ResolvedExperiment.parse(await json(process.stdin))));
  if (job === "analyse")
    return analyseRun(RunDirectory.open(path), { folder, names: values.only?.split(",") ?? [], signal: stop.signal });
  await workQueue(
    {
      runsDir: path,
      device: values.device,
      folder,
      workerPath: fileURLToPath(import.meta.url),
      nodePath: process.execPath,
    },
    stop.signal,
  );
  return 0;
}

/** Prints what a job finds as JSON, or what the user can do about it. */
async function printed(work: () => Promise<unknown>): Promise<number> {
  try {
    process.stdout.write(JSON.stringify({ result: await work() }));
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stdout.write(JSON.stringify({ error: { message: error.message, action: error.action } }));
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
