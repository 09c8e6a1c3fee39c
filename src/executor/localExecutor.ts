import { execFile, spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { AnalysisName } from "../experiment/analysisNames.ts";
import { RunDirectory } from "../run/runDirectory.ts";

/** `nodePath`: Node, or VS Code's Electron run as Node; `folder`: the workspace folder. */
export interface WorkerPlace { workerPath: string; nodePath: string; folder: string }

function start(run: RunDirectory, place: WorkerPlace, extra: string[], job: "train" | "analyse" = "train"): ChildProcess {
  const log = openSync(run.logPath, "a");
  try {
    const child = spawn(place.nodePath, [place.workerPath, job, run.path, "--folder", place.folder, ...extra], {
      detached: true, stdio: ["ignore", log, log], cwd: place.folder, windowsHide: true, env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    child.unref();
    return child;
  } finally { closeSync(log); }
}

/** Starts the worker of a run that has its directory; it outlives this process. */
export const startTraining = (run: RunDirectory, place: WorkerPlace): ChildProcess => start(run, place, []);

/** Starts a worker that goes on from the run's last checkpoint. */
export const resumeTraining = (options: WorkerPlace & { runPath: string }): ChildProcess => start(RunDirectory.open(options.runPath), options, ["--resume"]);

/** Starts a worker that makes analyses of a finished run, one after the other; it outlives this process. What is asked of it from now on counts, an older request to stop does not. */
export function startAnalysis(options: WorkerPlace & { runPath: string; names: readonly AnalysisName[] }): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.clearAnalysisControl();
  return start(run, options, ["--only", options.names.join(",")], "analyse");
}

/** Compares runs in a process of its own. @returns what it wrote: a RunComparison as JSON @throws when it fails, or `signal` ends it */
export function compareInWorker({ workerPath, nodePath, folder }: WorkerPlace, runPaths: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(nodePath, [workerPath, "compare", ...runPaths], { cwd: folder, maxBuffer: 1 << 28, signal, env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}

/** Sends a run's worker a signal, if it lives. */
export function signalWorker(run: RunDirectory, signal: NodeJS.Signals): void {
  const { pid } = run.record();
  if (pid === undefined || !run.isWorkerAlive()) return;
  try { process.kill(pid, signal); } catch { /* it ended meanwhile */ }
}

async function ended(run: RunDirectory, milliseconds: number): Promise<boolean> {
  for (const until = Date.now() + milliseconds; run.isWorkerAlive(); ) {
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

/** Asks the worker to stop at its next step; after `grace` ms SIGTERM, after as long again SIGKILL. */
export async function stopRun(run: RunDirectory, grace = 10_000): Promise<void> {
  run.requestStop();
  if (await ended(run, grace)) return;
  signalWorker(run, "SIGTERM");
  if (await ended(run, grace)) return;
  signalWorker(run, "SIGKILL");
}
