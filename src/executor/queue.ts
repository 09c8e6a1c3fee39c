import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { isLive, isWaiting, type RunRecord } from "../record/record.ts";
import { adoptRuns, markInterrupted, type OnUnusableRun } from "../run/interruption/interruptedRuns.ts";
import { explainWrite, makeFolder } from "../base/files/atomicFile.ts";
import { announceRun, Journal } from "../run/journal/journal.ts";
import { dropLease, holderOf, isHeld, takeLease } from "../run/lease/lease.ts";
import { readRuns, RunDirectory, type ReadRun } from "../run/directory/runDirectory.ts";
import { hasSpace } from "../base/files/diskSpace.ts";
import { resumeTraining, startTraining, type WorkerPlace } from "./localExecutor.ts";

const POLL = 300;

/**
 * The queue of one device over the runs of a folder. Its whole state is the run directories, so it survives whatever
 * ends it.
 */
export interface QueuePlace extends WorkerPlace {
  runsDir: string;
  device: string;
}

const leasePath = ({ runsDir, device }: Pick<QueuePlace, "runsDir" | "device">): string =>
  join(dirname(runsDir), `queue-${device}.lease`);

/** Makes the run's directory with the status "queued". */
export function enqueue(runsDir: string, id: string, experiment: Experiment): RunDirectory {
  const run = RunDirectory.create(runsDir, id, experiment);
  const journal = new Journal(run.path);
  try {
    announceRun(id, experiment, journal);
    journal.append({ type: "status", status: "queued" });
  } finally {
    journal.close();
  }
  return run;
}

/** Takes a run that still waits out of the queue. */
export function dequeue(run: RunDirectory): void {
  const journal = new Journal(run.path);
  try {
    journal.append({ type: "status", status: "stopped", message: "Taken out of the queue." });
  } finally {
    journal.close();
  }
}

/**
 * The queue that a run waits in: that of the device its experiment names; one whose device is to be chosen, or was,
 * waits until nothing trains.
 */
export const queueOf = (run: RunDirectory, { engine }: RunRecord): string =>
  engine === undefined ? run.experiment().engine.device : "auto";

interface Waiting extends ReadRun {
  index: number;
  device: string;
}

/** A run that cannot be read holds no other up; whoever lists runs tells of it. */
const passOver: OnUnusableRun = () => {
  /* see listRuns' other readers */
};

/** Every run that waits. One whose experiment is damaged is not among them. */
function allWaiting(runsDir: string): Waiting[] {
  return readRuns(runsDir, passOver)
    .filter(({ run, record }) => isWaiting(record) && run.experimentError() === undefined)
    .map(({ run, record }) => ({
      run,
      record,
      index: run.experiment().part?.index ?? 0,
      device: queueOf(run, record),
    }));
}

/** Runs that wait in a device's queue, in the order they were asked for; one that was interrupted goes first. */
export function waitingRuns(runsDir: string, device: string): Waiting[] {
  const rank = ({ record }: { record: RunRecord }): number => (record.status === "interrupted" ? 0 : 1);
  return allWaiting(runsDir)
    .filter((each) => each.device === device)
    .sort(
      (a, b) =>
        b.record.priority - a.record.priority ||
        rank(a) - rank(b) ||
        a.record.createdAt - b.record.createdAt ||
        a.index - b.index,
    );
}

/** The devices that runs wait for. */
export const waitingDevices = (runsDir: string): string[] => [
  ...new Set(allWaiting(runsDir).map(({ device }) => device)),
];

/** The devices whose queues work. */
export function workingDevices(runsDir: string): string[] {
  const folder = dirname(runsDir);
  const names = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => /^queue-(\w+)\.lease$/.exec(name)?.[1] ?? [])
    : [];
  return names.filter((device) => isQueueRunning({ runsDir, device }));
}

/**
 * Ends a device's queue after the run at work; the rest keeps waiting.
 * @returns false when none runs
 * @throws UserError when another machine's process works through it
 */
export function endQueue(place: Pick<QueuePlace, "runsDir" | "device">): boolean {
  const holder = holderOf(leasePath(place));
  if (holder === undefined) return false;
  if ("host" in holder) throw new UserError(`The queue is at work on ${holder.host}`, "Pause it there.");
  try {
    process.kill(holder.pid, "SIGTERM");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

export const isQueueRunning = (place: Pick<QueuePlace, "runsDir" | "device">): boolean => isHeld(leasePath(place));

/** Starts the process that works through the queue, unless one does; it outlives this process. */
export function startQueue(place: QueuePlace): ChildProcess | undefined {
  if (isQueueRunning(place)) return undefined;
  const folder = dirname(place.runsDir);
  try {
    makeFolder(folder);
  } catch (error) {
    throw explainWrite(error, folder);
  }
  const log = opened(join(folder, `queue-${place.device}.log`));
  try {
    const child = spawn(
      place.nodePath,
      [place.workerPath, "queue", place.runsDir, "--folder", place.folder, "--device", place.device],
      {
        detached: true,
        stdio: ["ignore", log, log],
        cwd: place.folder,
        windowsHide: true,
        env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "a");
  } catch (error) {
    throw explainWrite(error, path);
  }
}

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
