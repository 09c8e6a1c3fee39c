import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { compareRuns } from "../../analysis/compare/compareRuns.ts";
import { requireDevice } from "../../engine/device/deviceTrouble.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { RunRecord } from "../../record/record.ts";
import type { Submitted } from "../../executor/executor.ts";
import { executorOf, executorOfRun } from "../../executor/executors.ts";
import type { SlurmExecutor } from "../../executor/slurm/slurmExecutor.ts";
import { commonExecutor, newSubmissionId } from "../../executor/submit.ts";
import { executorKind } from "../../experiment/executorSpec.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { checkedPlaces } from "../../run/files/trackerPlaces.ts";
import { checkedRuns } from "../../worker/check/checkedRuns.ts";
import { comparedRuns, comparisonLines } from "./compareCommand.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { followCluster } from "../followCluster.ts";
import type { FollowedRuns } from "../followedRuns.ts";
import { followWorker, TERMINATED } from "../followWorker.ts";
import { followQueue } from "../followQueue.ts";
import { namedRun, runsFolder } from "../namedRun.ts";
import { localWorker } from "../localWorker.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const outcome = (run: RunDirectory, record: RunRecord): object => ({
  ...record,
  path: run.path,
  adapter: run.adapterPath,
});
const isGood = ({ status }: RunRecord): boolean => status === "finished" || status === "stopped";

async function reportOne(run: RunDirectory, child: ChildProcess, json: boolean): Promise<number> {
  tell(`run ${run.id}\n`);
  const { record, ended } = await followWorker(run, child);
  if (json) say(JSON.stringify(outcome(run, record)));
  else {
    const commit = record.resultCommit === undefined ? "" : `, commit ${record.resultCommit}`;
    // A run that failed early has none.
    const adapter = existsSync(run.adapterPath) ? `, adapter in ${run.adapterPath}` : "";
    say(`${record.status}: run ${run.id}${commit}${adapter}`);
  }
  return ended ?? (isGood(record) ? 0 : 1);
}

/** Says how the runs of a submission have ended, and compares them. @returns the exit code */
function reportAll({ runs, sweep }: Pick<Submitted, "runs" | "sweep">, followed: FollowedRuns, json: boolean): number {
  const { ended, interrupted, terminated } = followed;
  const comparison = compareRuns(comparedRuns(ended.map(({ run }) => run)));
  if (json) say(JSON.stringify({ sweep, runs: ended.map(({ run, record }) => outcome(run, record)), comparison }));
  else {
    const gone = runs.length - ended.length;
    const finished = ended.filter(({ record }) => record.status === "finished").length;
    say(`${finished} of ${runs.length} runs finished${gone === 0 ? "" : `, ${gone} deleted`}`);
    for (const line of comparisonLines(comparison, false)) say(line);
  }
  if (interrupted) return 130;
  if (terminated) return TERMINATED;
  return ended.every(({ record }) => isGood(record)) ? 0 : 1;
}

async function reportQueued(
  { runs, sweep }: { runs: RunDirectory[]; sweep: string | undefined },
  runsDir: string,
  json: boolean,
): Promise<number> {
  tell(`${runs.length} runs queued${sweep === undefined ? "" : `, sweep ${sweep}`}\n`);
  return reportAll({ runs, sweep }, await followQueue(runs, runsDir), json);
}

/** Tells of runs that the executor has not taken yet. */
async function reportUnplaced({ placed }: Submitted): Promise<void> {
  const { left, why } = await placed;
  if (left > 0) tell(`${left} runs are not submitted yet: ${why?.message ?? ""}; adept queue start submits them\n`);
}

async function reportCluster({ runs, sweep }: Submitted, executor: SlurmExecutor, json: boolean): Promise<number> {
  tell(`${runs.length} runs for the cluster${sweep === undefined ? "" : `, sweep ${sweep}`}\n`);
  return reportAll({ runs, sweep }, await followCluster(runs, executor), json);
}

const TRAIN_OPTIONS = {
  set: {
    type: "string",
    value: "PATH=VALUE",
    multiple: true,
    help: "changes a setting of the experiment, such as training.steps=300; may be repeated",
  },
  queue: { type: "boolean", help: "lets the run wait for its turn in the queue of its device" },
  detach: { type: "boolean", help: "prints the ids of the runs and returns; training goes on in a process of its own" },
  "no-git": { type: "boolean", help: "makes no commit of the run" },
  tensorboard: { type: "string", value: "DIR", help: "keeps the runs in TensorBoard's folder while they train" },
  mlflow: { type: "string", value: "DIR|URL", help: "the same in MLflow's folder, or on its tracking server" },
  wandb: { type: "string", value: "DIR", help: "the same as offline runs of W&B" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** @throws UserError where this machine, if it trains the run, cannot have the device that an experiment names */
function requireOwnDevice(experiment: Experiment): void {
  const { device } = experiment.engine;
  if (device !== "auto" && executorKind(experiment) === "local") requireDevice(device);
}

/** Adept train EXPERIMENT */
async function runTrain({ values, positionals }: Parsed<typeof TRAIN_OPTIONS>): Promise<number> {
  const [experimentPath] = positionals;
  const json = values.json === true;
  const runsDir = runsFolder(values["runs-dir"]);
  if (experimentPath === undefined || positionals.length > 1) throw new WrongUse("train takes one experiment file");
  const { tensorboard, mlflow, wandb } = values;
  const trackers = checkedPlaces({ tensorboard, mlflow, wandb }, process.cwd(), "adept train");
  const id = newSubmissionId();
  const experiments = await checkedRuns(experimentPath, values.set ?? [], { sweepId: id, check: requireOwnDevice });
  const executor = executorOf(commonExecutor(experiments), { ...localWorker(), runsDir });
  await executor.check(experiments);
  const submitted = executor.submit(experiments, id, {
    git: values["no-git"] !== true,
    queued: values.queue === true,
    trackers,
  });
  const { runs, sweep, child } = submitted;
  const [first] = runs;
  if (executor.kind === "slurm" && values.detach !== true) return reportCluster(submitted, executor, json);
  await reportUnplaced(submitted);
  if (values.detach === true) {
    if (json) say(JSON.stringify({ sweep, runs: runs.map(({ id, path }) => ({ id, path })) }));
    else for (const { id } of runs) say(id);
    return 0;
  }
  return first !== undefined && child !== undefined
    ? reportOne(first, child, json)
    : reportQueued(submitted, runsDir, json);
}

export const trainCommand = command({
  summary: "trains the runs of an experiment file, and follows them",
  takes: "EXPERIMENT",
  options: TRAIN_OPTIONS,
  examples: [
    "adept train examples/mail.adept.json",
    "adept train examples/mail.adept.json --set training.steps=300 --no-git",
    "adept train examples/mail.adept.json --tensorboard logs",
  ],
  notes: ["Several seeds, or a sweep, are queued one at a time for each device, and compared at the end."],
  run: runTrain,
});

/** Adept resume RUN */
function runResume({ values, positionals }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const runsDir = runsFolder(values["runs-dir"]);
  const run = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  const json = values.json === true;
  const executor = executorOfRun(run, { ...localWorker(), runsDir });
  const child = executor.resume(run);
  if (executor.kind === "slurm")
    return reportCluster(
      { runs: [run], queued: true, sweep: undefined, placed: Promise.resolve({ left: 0 }) },
      executor,
      json,
    );
  return reportOne(run, child!, json);
}

export const resumeCommand = command({
  summary: "goes on with an interrupted or stopped run from its last checkpoint",
  takes: "[RUN]",
  options: RUN_OPTIONS,
  examples: ["adept resume latest"],
  run: runResume,
});
