import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { AnalysisName } from "../experiment/analysisNames.ts";
import { nextStart } from "../record/admittedStart.ts";
import { openRunFile } from "../run/files/runFile.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import { allocatorVariables } from "./allocatorVariables.ts";
import { startDetached, type WorkerPlace } from "./workerProcess.ts";

function startRunWorker(
  run: RunDirectory,
  place: WorkerPlace,
  extra: string[],
  job: "train" | "analyse" = "train",
): ChildProcess {
  run.refuseLinks();
  const log = openRunFile(run.logPath, "append");
  try {
    const variables = run.experimentError() === undefined ? allocatorVariables(run.experiment().engine) : {};
    return startDetached(place, [job, run.path, "--folder", place.folder, ...extra], log, variables);
  } finally {
    closeSync(log);
  }
}

/**
 * Starts the worker that trains a new run. The worker outlives this process.
 * @param start the number of the start
 */
export const startTraining = (run: RunDirectory, place: WorkerPlace, start = 1): ChildProcess =>
  startRunWorker(run, place, ["--start", String(start)]);

/**
 * Starts a worker that continues a run that was interrupted. It does nothing if the start of that number was made
 * meanwhile. A request to stop the run stands.
 * @param start the number of the start
 * @throws UserError when another worker is training the run, or a newer version has written to it
 */
export function continueTraining(run: RunDirectory, place: WorkerPlace, start: number): ChildProcess {
  run.refuseNewerVersion();
  if (run.isWorkerAlive()) throw run.busyError();
  return startRunWorker(run, place, ["--resume", "--start", String(start)]);
}

/**
 * Starts a worker that resumes a run from its last checkpoint, as a person wants it: also one that has ended.
 * @param options `seen`: the number of the last start that the person knew of; of a later one, this wish is not meant
 * @throws UserError as `continueTraining`
 */
export function resumeTraining(options: WorkerPlace & { runPath: string; seen?: number }): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  // Read before the lease is looked at: if a worker has ended in between, the wish is void.
  const { seen = run.record().start } = options;
  run.refuseNewerVersion();
  if (run.isWorkerAlive()) throw run.busyError();
  // Withdraw the request that stopped it. A new request is obeyed even if it comes before the worker looks.
  run.clearControl();
  return continueTraining(run, options, nextStart({ start: seen }));
}

/**
 * Starts a worker that makes analyses of a finished run, one after the other. The worker outlives this process. An
 * earlier request to stop is withdrawn, a later one is obeyed.
 * @throws UserError when a newer version has written to the run
 */
export function startAnalysis(
  options: WorkerPlace & { runPath: string; names: readonly AnalysisName[] },
): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.refuseNewerVersion();
  run.clearAnalysisControl();
  return startRunWorker(run, options, ["--only", options.names.join(",")], "analyse");
}
