import type { ChildProcess } from "node:child_process";
import { signalWorker } from "../executor/stopRun.ts";
import type { RunRecord } from "../record/record.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { follow, untilExit } from "./follow.ts";
import { tell } from "./terminal.ts";

/** The exit code of a command that SIGTERM has ended. */
export const TERMINATED = 143;

/**
 * Shows a run until the worker that this process started for it has ended. SIGTERM is passed on: the worker saves the
 * run and leaves it.
 * @returns `ended`: the exit code of a command that a signal has ended
 */
export async function followWorker(
  run: RunDirectory,
  child: ChildProcess,
): Promise<{ record: RunRecord; ended: number | undefined }> {
  let terminated = false;
  const { record, interrupted } = await follow(run, untilExit(child), () => {
    if (!terminated) tell("\nending; the run is saved and can be resumed\n");
    terminated = true;
    signalWorker(run, "SIGTERM");
  });
  if (interrupted) return { record, ended: 130 };
  return { record, ended: terminated ? TERMINATED : undefined };
}
