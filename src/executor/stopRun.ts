import * as z from "zod";
import { adoptRun } from "../run/interruption/interruptedRuns.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";

/** Sends a run's worker a signal, if it lives. */
export function signalWorker(run: RunDirectory, signal: NodeJS.Signals): void {
  // Not the journal's pid: that of a worker before may be somebody else's by now.
  const pid = run.workerPid;
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    /* it ended meanwhile */
  }
}

async function ended(run: RunDirectory, milliseconds: number): Promise<boolean> {
  // By a clock that nobody can put back.
  for (const until = performance.now() + milliseconds; run.isWorkerAlive();) {
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

/**
 * Asks the worker to stop at its next step; after `grace` ms SIGTERM, after as long again SIGKILL. One that was gone
 * already, or had to be killed, leaves an interrupted run.
 */
export async function stopRun(run: RunDirectory, grace = 10_000): Promise<void> {
  run.requestStop();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (await ended(run, grace)) break;
    signalWorker(run, signal);
  }
  if (await ended(run, grace)) adoptRun(run, run.record());
}
