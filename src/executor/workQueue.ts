import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { isLive, isWaiting } from "../record/record.ts";
import { adoptRuns, markInterrupted } from "../run/interruption/interruptedRuns.ts";
import { Journal } from "../run/journal/journal.ts";
import { dropLease, takeLease } from "../run/lease/lease.ts";
import { readRuns } from "../run/directory/runList.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import { hasSpace } from "../base/files/diskSpace.ts";
import { resumeTraining, startTraining } from "./startWorker.ts";
import { type QueuePlace, leasePath } from "./deviceQueue.ts";
import { passOver, type Waiting, waitingRuns } from "./queuedRuns.ts";

const POLL = 300;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL));

const sharesDevice = (one: string, other: string): boolean => one === other || one === "auto" || other === "auto";

/**
 * Whether any training works on the device, started by the queue or not. What is still choosing measures them all; the
 * choice wants a machine that does nothing else.
 */
function isBusy({ runsDir, device }: QueuePlace): boolean {
  return readRuns(runsDir, passOver).some(
    ({ run, record }) =>
      isLive(record.status) &&
      sharesDevice(device, run.experimentError() === undefined ? run.experiment().engine.device : "auto"),
  );
}

/**
 * Starts a run while no other queue starts one, so that two that find nothing at work do not both begin: the lock is
 * held until the run's journal says that it is at work.
 * @returns its worker's end, undefined where another was faster
 */
async function startAlone({ run, record }: Waiting, place: QueuePlace): Promise<{ end: Promise<unknown> } | undefined> {
  const lock = join(dirname(place.runsDir), "starting.lease");
  if (!takeLease(lock, process.pid)) return undefined;
  try {
    if (isBusy(place)) return undefined;
    const child =
      record.status === "queued" ? startTraining(run, place) : resumeTraining({ ...place, runPath: run.path });
    // Workers are started so that nobody need wait for them; the queue does.
    child.ref();
    let ended = false;
    const end = new Promise((resolve) => {
      child.once("exit", resolve).once("error", resolve);
    }).then(() => {
      ended = true;
    });
    while (!ended && run.record().status === record.status) await pause();
    return { end };
  } finally {
    dropLease(lock);
  }
}

/** Runs that wait with a damaged experiment are told as failed: nobody can start them. */
function failDamaged(runsDir: string): void {
  for (const { run, record } of readRuns(runsDir, passOver)) {
    const trouble = isWaiting(record) ? run.experimentError() : undefined;
    if (trouble !== undefined) fail(run, trouble);
  }
}

/** What the queue's log says, once while it lasts. */
class Log {
  private last = "";

  say(text: string): void {
    if (text !== this.last) console.error(`${new Date().toISOString()} ${text}`);
    this.last = text;
  }
}

/** One look at the queue: starts what is next and waits for its end. @returns false when nothing waits any more */
async function workOnce(place: QueuePlace, log: Log): Promise<boolean> {
  adoptRuns(place.runsDir, (run, reason) => {
    log.say(`run ${run.id}: ${reason}`);
  });
  if (isBusy(place)) {
    await pause();
    return true;
  }
  failDamaged(place.runsDir);
  const [next] = waitingRuns(place.runsDir, place.device);
  if (next === undefined) return false;
  const started = await startAlone(next, place);
  if (started === undefined) {
    await pause();
    return true;
  }
  await started.end;
  // A worker that could not even start leaves the run as it was: without this the queue would start it for ever.
  const { status } = next.run.record();
  if (status === next.record.status) fail(next.run, { message: "Its worker did not start; see log.txt." });
  else if (isLive(status)) markInterrupted(next.run);
  return true;
}

/**
 * Works through the queue, one run at a time, until nothing waits; on a full disk it waits for space. Another queue of
 * the same device makes this one end at once.
 * @param signal ends the queue after the run at work; the rest keeps waiting
 */
export async function workQueue(place: QueuePlace, signal: AbortSignal): Promise<void> {
  const lease = leasePath(place);
  const log = new Log();
  if (!takeLease(lease, process.pid)) return;
  try {
    while (!signal.aborted) {
      if (!hasSpace(dirname(place.runsDir))) {
        log.say("The disk is full: the queue waits for space.");
        await pause();
        continue;
      }
      try {
        if (!(await workOnce(place, log))) return;
      } catch (error) {
        // The disk filled meanwhile, or may not be written: that is waited out like the want of space.
        if (!(error instanceof UserError)) throw error;
        log.say(`${error.message}. ${error.action ?? ""}`);
        await pause();
      }
    }
  } finally {
    dropLease(lease);
  }
}

function fail(run: RunDirectory, { message }: { message: string }): void {
  const journal = new Journal(run.path);
  try {
    journal.append({ type: "status", status: "failed", message });
  } finally {
    journal.close();
  }
}
