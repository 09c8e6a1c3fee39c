import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { readRuns } from "../../run/directory/runList.ts";
import { sendAlone } from "../../run/lease/sendingLease.ts";
import { readJournal } from "../../run/journal/readJournal.ts";
import type * as Trackers from "../../tracker/exportRuns.ts";
import type { RunSource } from "../../tracker/trackedRun.ts";
import { isAddress, serverAddress } from "../../run/files/trackerAddress.ts";
import { exportTo } from "../../worker/exportJob.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { namedRun, runsFolder } from "../namedRun.ts";
import { problemReporter } from "../problemReporter.ts";
import { abortOnInterrupt } from "../interrupts.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";
import { chosenRuns } from "./compareCommand.ts";

const OPTIONS = {
  out: { type: "string", value: "DIR", help: "folder to write the adapter of one run to" },
  folded: { type: "boolean", help: "with --out: a Hugging Face folder with the method in its weights" },
  force: { type: "boolean", help: "with --out: replaces a folder that is there" },
  tensorboard: { type: "string", value: "DIR", help: "folder for event files of TensorBoard, one folder a run" },
  mlflow: { type: "string", value: "DIR|URL", help: "folder of MLflow's file store, or address of a tracking server" },
  wandb: { type: "string", value: "DIR", help: 'folder for offline runs of W&B, which "wandb sync" sends' },
  csv: { type: "string", value: "FILE", help: "table with a row for each run: facts, settings, results" },
  parquet: { type: "string", value: "FILE", help: "the same table as Parquet" },
  steps: { type: "boolean", help: "with --csv or --parquet: a row for each step of each run" },
  ...RUN_OPTIONS,
} as const satisfies Options;

type Given = Parsed<typeof OPTIONS>;

/** Writes for trackers. Only such an export needs it, so that it is a file of its own. */
const TRACKERS = new URL(
  import.meta.url.endsWith(".ts") ? "../../tracker/exportRuns.ts" : "./trackers.js",
  import.meta.url,
).href;

/** Progress is shown of a run with more points than this. */
const SHOWN = 1000;

/** How each destination is looked at; {0} is its place. */
const NEXT: Record<keyof Trackers.Written, (place: string) => string> = {
  tensorboard: (place) => `${place} (tensorboard --logdir ${JSON.stringify(place)})`,
  mlflow: (place) =>
    isAddress(place)
      ? place
      : `${place} (MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri ${JSON.stringify(place)})`,
  wandb: (place) => `${place} (wandb sync ${JSON.stringify(place)}/wandb/offline-run-*)`,
  csv: (place) => place,
  parquet: (place) => place,
};

/** The runs that are named, or all finished ones that can be read. */
function wantedRuns(folder: string, wanted: readonly string[]): RunDirectory[] {
  if (wanted.length > 0) return chosenRuns(folder, wanted);
  const report = problemReporter();
  const finished = readRuns(folder, report)
    .filter(({ record }) => record.status === "finished")
    .map(({ run }) => run)
    .reverse();
  const damaged = finished.filter((run) => {
    const problem = run.experimentError();
    if (problem !== undefined) report(run, problem.message);
    return problem !== undefined;
  });
  const runs = finished.filter((run) => !damaged.includes(run));
  if (runs.length === 0)
    throw new UserError("runs-unfinished", phrase`None of these runs has finished`, phrase`Let one finish first.`);
  return runs;
}

const sourceOf = (run: RunDirectory): RunSource => ({
  id: run.id,
  experiment: run.experiment(),
  record: run.record(),
  events: readJournal(run.path).events,
});

async function runForTrackers({ values, positionals }: Given): Promise<number> {
  const { tensorboard, mlflow, wandb, csv, parquet, steps = false } = values;
  const { exportRuns } = (await import(TRACKERS)) as typeof Trackers;
  const runs = wantedRuns(runsFolder(values["runs-dir"]), positionals);
  if (mlflow !== undefined && isAddress(mlflow)) serverAddress(mlflow);
  const { signal, ignore } = abortOnInterrupt();
  const places = { tensorboard, mlflow, wandb, csv, parquet, steps };
  const written = await exportRuns(runs.map(sourceOf), places, {
    signal,
    environment: process.env,
    alone: (id, send) => sendAlone(runs.find((run) => run.id === id)!.path, signal, send),
    onProgress: ({ run, runs: all, done, all: points }) => {
      if (points > SHOWN) tell(`run ${run} of ${all}: ${done} of ${points} points\n`);
    },
  }).finally(ignore);
  if (values.json === true) say(JSON.stringify({ runs: runs.map(({ id }) => id), ...written }));
  else
    for (const [name, place] of Object.entries(written) as [keyof Trackers.Written, string][])
      say(`${runs.length === 1 ? "1 run" : `${runs.length} runs`}: ${NEXT[name](place)}`);
  return 0;
}

function runForAdapter({ values, positionals: [wanted = "latest", ...more] }: Given, out: string): number {
  if (more.length > 0) throw new WrongUse("--out takes one run");
  const result = exportTo(namedRun(values["runs-dir"], wanted), {
    out,
    folded: values.folded === true,
    force: values.force === true,
  });
  say(
    values.json === true
      ? JSON.stringify(result)
      : `${result.folder}${result.input.length > 0 ? ` (${result.input.join(", ")} in ${result.place ?? ""}; see its README.md)` : ""}`,
  );
  return 0;
}

/** Writes the run's adapter, or its backbone with the adapter folded into the weights; or runs for trackers. */
async function run(given: Given): Promise<number> {
  const { out, folded, force, tensorboard, mlflow, wandb, csv, parquet, steps } = given.values;
  const places = [tensorboard, mlflow, wandb, csv, parquet].filter((place) => place !== undefined);
  if (out === undefined && places.length === 0)
    throw new WrongUse("export needs --out, --tensorboard, --mlflow, --wandb, --csv or --parquet");
  if (out !== undefined && places.length > 0) throw new WrongUse("--out is for an adapter, and stands alone");
  if (places.includes("")) throw new WrongUse("export needs the name of a folder or file");
  if (out === undefined && (folded === true || force === true)) throw new WrongUse("--folded and --force need --out");
  if (steps === true && csv === undefined && parquet === undefined)
    throw new WrongUse("--steps needs --csv or --parquet");
  return out === undefined ? runForTrackers(given) : runForAdapter(given, out);
}

export const exportCommand = command({
  summary: "writes a run's adapter; or runs for TensorBoard, MLflow and W&B, or as a table",
  takes: "[RUN|SWEEP]...",
  options: OPTIONS,
  examples: [
    "adept export latest --out my-adapter",
    "adept export latest --out my-model --folded",
    "adept export --tensorboard logs --mlflow mlruns",
    "adept export --mlflow http://localhost:5000",
    "adept export latest --wandb .",
    "adept export --csv runs.csv",
    "adept export latest --parquet steps.parquet --steps",
  ],
  notes: [
    "With --out the default is the latest run, else all finished runs. A run that was exported before is replaced.",
    "Only --mlflow URL sends anything, to that host alone: trackers read the folders and files that are written here. " +
      "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, let you in.",
  ],
  run,
});
