import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import * as z from "zod";
import type { AnalysisName } from "../experiment/analysisNames.ts";
import { openRunFile } from "../run/files/runFile.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import type { WorkerPlace } from "./workerProcess.ts";

function start(
  run: RunDirectory,
  place: WorkerPlace,
  extra: string[],
  job: "train" | "analyse" = "train",
): ChildProcess {
  run.refuseLinks();
  const log = openRunFile(run.logPath, "append");
  try {
    const child = spawn(place.nodePath, [place.workerPath, job, run.path, "--folder", place.folder, ...extra], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: place.folder,
      windowsHide: true,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Starts the worker of a run that has its directory; it outlives this process. */
export const startTraining = (run: RunDirectory, place: WorkerPlace): ChildProcess => start(run, place, []);

/**
 * Starts a worker that goes on from the run's last checkpoint.
 * @throws UserError when one is at work on it, or a newer version has written to it
 */
export function resumeTraining(options: WorkerPlace & { runPath: string }): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.refuseNewerVersion();
  if (run.isWorkerAlive()) throw run.busyError();
  // The request that ended it before; one from now on counts, also before the worker looks.
  run.clearControl();
  return start(run, options, ["--resume"]);
}

/**
 * Starts a worker that makes analyses of a finished run, one after the other; it outlives this process. What is asked
 * of it from now on counts, an older request to stop does not.
 */
export function startAnalysis(
  options: WorkerPlace & { runPath: string; names: readonly AnalysisName[] },
): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.refuseNewerVersion();
  run.clearAnalysisControl();
  return start(run, options, ["--only", options.names.join(",")], "analyse");
}
