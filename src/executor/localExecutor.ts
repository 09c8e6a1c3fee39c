import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { RunDirectory } from "../run/runDirectory.ts";

/** `nodePath`: Node, or VS Code's Electron run as Node; `folder`: the workspace folder. */
export interface WorkerPlace { workerPath: string; nodePath: string; folder: string }

function start(run: RunDirectory, place: WorkerPlace, extra: string[]): ChildProcess {
  const log = openSync(run.logPath, "a");
  try {
    const child = spawn(place.nodePath, [place.workerPath, "train", run.path, "--folder", place.folder, ...extra], {
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
