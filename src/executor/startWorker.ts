import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { AnalysisName } from "../experiment/analysisNames.ts";
import { openRunFile } from "../run/files/runFile.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
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
    return startDetached(place, [job, run.path, "--folder", place.folder, ...extra], log);
  } finally {
    closeSync(log);
  }
}

/** Starts the worker that trains a new run. The worker outlives this process. */
export const startTraining = (run: RunDirectory, place: WorkerPlace): ChildProcess => startRunWorker(run, place, []);

/**
 * Starts a worker that resumes a run from its last checkpoint.
 * @throws UserError when another worker is training the run, or a newer version has written to it
 */
export function resumeTraining(options: WorkerPlace & { runPath: string }): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.refuseNewerVersion();
  if (run.isWorkerAlive()) throw run.busyError();
  // Withdraw the request that stopped it. A new request is obeyed even if it comes before the worker looks.
  run.clearControl();
  return startRunWorker(run, options, ["--resume"]);
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
