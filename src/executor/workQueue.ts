import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { queueName } from "../experiment/queueName.ts";
import { nextStart } from "../record/admittedStart.ts";
import { isLive, isWaiting, type RunRecord } from "../record/record.ts";
import { markInterruptedRuns, markInterrupted } from "../run/interruption/interruptedRuns.ts";
import { dropLease, takeLease } from "../run/lease/lease.ts";
import { readRuns } from "../run/directory/runList.ts";
import { hasSpace } from "../base/files/diskSpace.ts";
import { continueTraining, startTraining } from "./startWorker.ts";
import { kindOf } from "./executorKindOf.ts";
import { type QueuePlace, leasePath } from "./deviceQueue.ts";
import { endWaiting, ignoreUnreadable, type Waiting, waitingRuns } from "./queuedRuns.ts";

const POLL = 300;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL));

const PROCESSOR: readonly string[] = ["cpu", "torch_cpu"];

/**
 * Whether two queues compute on one device, or may: "auto" may take any, and "torch" any of PyTorch's.
 */
export function sharesDevice(one: string, other: string): boolean {
  const both = [one, other];
  return (
    one === other ||
    both.includes("auto") ||
    both.every((each) => PROCESSOR.includes(each)) ||
    (both.includes("torch") && both.every((each) => each.startsWith("torch")))
  );
}

/**
 * Whether any run is in training on the device, started by the queue or not. A run whose device is being chosen uses
 * all devices, and the choice needs an otherwise idle machine. What a cluster computes is none of this machine's.
 */
function isBusy({ runsDir, device }: QueuePlace): boolean {
  return readRuns(runsDir, ignoreUnreadable).some(
    ({ run, record }) =>
      isLive(record.status) &&
      kindOf(run) === "local" &&
      sharesDevice(device, run.experimentError() === undefined ? queueName(run.experiment().engine) : "auto"),
  );
}

/** Whether a run still waits as it did: nobody has begun it or taken it out of the queue. */
const waitsAs = (before: RunRecord, { start, status }: RunRecord): boolean =>
  start === before.start && status === before.status;

/**
 * Starts a run while no other queue starts one: it holds a lock until the run's journal says that the run has started,
 * so that two queues that find the machine idle do not both start one.
 * @returns the end of the worker; undefined if another queue was faster
 */
async function startAlone({ run, record }: Waiting, place: QueuePlace): Promise<{ end: Promise<unknown> } | undefined> {
  const lock = join(dirname(place.runsDir), "starting.lease");
  if (!takeLease(lock, process.pid)) return undefined;
  try {
    if (isBusy(place)) return undefined;
    const begin = record.status === "queued" ? startTraining : continueTraining;
    // By the record that said that it waits: if it was begun since, this number is used up.
    const child = begin(run, place, nextStart(record));
    // A started worker does not keep its parent process alive; the queue, however, waits for it.
    child.ref();
    let ended = false;
    const end = new Promise((resolve) => {
      child.once("exit", resolve).once("error", resolve);
    }).then(() => {
      ended = true;
    });
    while (!ended && waitsAs(record, run.record())) await pause();
    return { end };
  } finally {
    dropLease(lock);
  }
}

/** Marks waiting runs with a damaged experiment as failed, since they cannot be started. */
function failDamaged(runsDir: string): void {
  for (const { run, record } of readRuns(runsDir, ignoreUnreadable)) {
    const trouble = isWaiting(record) ? run.experimentError() : undefined;
    if (trouble !== undefined) endWaiting(run, "failed", trouble.phrase);
  }
}

/** The queue's log. A repeated message is written once. */
class QueueLog {
  private last = "";

  say(text: string): void {
    if (text !== this.last) console.error(`${new Date().toISOString()} ${text}`);
    this.last = text;
  }
}

/**
 * Starts the next run of the queue, if the device is idle, and waits for its end.
 * @returns false when no run waits
 */
async function workOnce(place: QueuePlace, log: QueueLog): Promise<boolean> {
  markInterruptedRuns(place.runsDir, (run, reason) => {
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
  // If the worker could not start, the run waits as before, and without this the queue would start it for ever.
  const after = next.run.record();
  if (waitsAs(next.record, after)) endWaiting(next.run, "failed", phrase`Its worker did not start; see log.txt.`);
  else if (isLive(after.status)) markInterrupted(next.run);
  return true;
}

/**
 * Works through the queue, one run at a time, until no run waits. While the disk is full it waits for space. Returns at
 * once if another process works through the queue.
 * @param signal ends the queue after the current run; the others keep waiting
 */
export async function workQueue(place: QueuePlace, signal: AbortSignal): Promise<void> {
  const lease = leasePath(place);
  const log = new QueueLog();
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
        // The disk has become full or read-only: wait for it too.
        if (!(error instanceof UserError)) throw error;
        log.say(`${error.message}. ${error.action ?? ""}`);
        await pause();
      }
    }
  } finally {
    dropLease(lease);
  }
}
