import { markIfInterrupted } from "../run/interruption/interruptedRuns.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** Sends a signal to a run's worker, if it lives on this machine. */
export function signalWorker(run: RunDirectory, signal: NodeJS.Signals): void {
  // From the lease, not the journal: the journal may name an earlier worker, whose process id has been reused.
  const pid = run.workerPid;
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    /* it has ended meanwhile */
  }
}

async function endsWithin(run: RunDirectory, milliseconds: number): Promise<boolean> {
  // A monotonic clock, which nobody can set back.
  for (const until = performance.now() + milliseconds; run.isWorkerAlive();) {
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

/**
 * Stops a run: asks the worker to stop at its next step, sends SIGTERM after `grace` ms, and SIGKILL after as long
 * again. If the worker was already gone or had to be killed, marks the run as interrupted.
 */
export async function stopRun(run: RunDirectory, grace = 10_000): Promise<void> {
  run.requestStop();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (await endsWithin(run, grace)) break;
    signalWorker(run, signal);
  }
  if (await endsWithin(run, grace)) markIfInterrupted(run, run.record());
}
