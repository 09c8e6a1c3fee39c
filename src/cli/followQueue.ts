import { isOpen, isWaiting, type RunRecord } from "../record/record.ts";
import { dequeue, queueOf } from "../executor/queuedRuns.ts";
import { startQueue } from "../executor/deviceQueue.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { follow, pause } from "./follow.ts";
import type { FollowedRuns } from "./followedRuns.ts";
import { localWorker } from "./localWorker.ts";
import { oneLine, tell } from "./terminal.ts";

/** The record of a run that waits in the queue or is in training; undefined once it has ended, or was deleted. */
function pendingRecord(run: RunDirectory): RunRecord | undefined {
  const record = run.record();
  return run.hasJournal() && (isOpen(record.status) || isWaiting(record)) ? record : undefined;
}

/**
 * Shows queued runs one after the other, in the order in which the queue starts them, until all have ended. An
 * interrupt stops the run in training and takes the others of these runs out of the queue. SIGTERM ends the showing
 * alone: the queue goes on.
 */
export async function followQueue(runs: readonly RunDirectory[], runsDir: string): Promise<FollowedRuns> {
  let interrupted = false;
  let terminated = false;
  let shown = 0;
  const leave = (): void => {
    for (const run of runs) if (run.hasJournal() && isWaiting(run.record())) dequeue(run);
  };
  const interrupt = (): void => {
    interrupted = true;
    leave();
  };
  const terminate = (): void => {
    if (!terminated) tell("\nending; the queue goes on with the runs\n");
    terminated = true;
  };
  process.on("SIGINT", interrupt).on("SIGTERM", terminate);
  try {
    while (!terminated) {
      if (interrupted) leave();
      const pending = runs.filter((run) => pendingRecord(run) !== undefined);
      if (pending.length === 0) break;
      const atWork = pending.find((run) => !isWaiting(run.record()));
      if (atWork === undefined) {
        // Starts the queue's process again if it has ended.
        for (const device of new Set(pending.map((run) => queueOf(run, run.record()))))
          startQueue({ ...localWorker(), runsDir, device });
        await pause();
        continue;
      }
      tell(
        `\nrun ${atWork.id} (${runs.length - pending.length + 1} of ${runs.length}): ${oneLine(atWork.record().name)}\n`,
      );
      const isOver = (): boolean => {
        const record = pendingRecord(atWork);
        return terminated || record === undefined || isWaiting(record);
      };
      await follow(atWork, isOver, terminate);
      shown++;
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", terminate);
  }
  if (shown === 0 && !terminated) tell("nothing was left to train\n");
  const ended = runs.filter((run) => run.hasJournal()).map((run) => ({ run, record: run.record() }));
  return { ended, interrupted, terminated };
}
