import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { explainWrite, makeFolder } from "../base/files/atomicFile.ts";
import { holderOf, isHeld } from "../run/lease/lease.ts";
import { SLURM_QUEUE } from "./queuedRuns.ts";
import { startDetached, type WorkerPlace } from "./workerProcess.ts";

/**
 * The queue of one device for the runs of a folder. Its whole state is in the folders of the runs, so that it survives
 * the end of any process.
 */
export interface QueuePlace extends WorkerPlace {
  runsDir: string;
  /** The device's name, or "auto" for runs whose device is to be chosen. */
  device: string;
}

/** The lease of the process that works through the queue. */
export const leasePath = ({ runsDir, device }: Pick<QueuePlace, "runsDir" | "device">): string =>
  join(dirname(runsDir), `queue-${device}.lease`);

/** Returns the devices whose queues are running. */
export function workingDevices(runsDir: string): string[] {
  const folder = dirname(runsDir);
  const names = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => /^queue-(\w+)\.lease$/.exec(name)?.[1] ?? [])
    : [];
  return names.filter((device) => isQueueRunning({ runsDir, device }));
}

/**
 * Ends a device's queue once the current run has ended; the other runs keep waiting.
 * @returns false if the queue is not running
 * @throws UserError when a process of another machine works through it
 */
export function endQueue(place: Pick<QueuePlace, "runsDir" | "device">): boolean {
  const holder = holderOf(leasePath(place));
  if (holder === undefined) return false;
  if ("host" in holder)
    throw new UserError(
      "queue-on-other-machine",
      phrase`The queue is at work on ${holder.host}`,
      phrase`Pause it there.`,
    );
  try {
    process.kill(holder.pid, "SIGTERM");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/** Whether a process works through the queue. That of a cluster is always at work, and has no process here. */
export const isQueueRunning = (place: Pick<QueuePlace, "runsDir" | "device">): boolean =>
  place.device === SLURM_QUEUE || isHeld(leasePath(place));

/** Starts a process that works through the queue, unless there is one. The process outlives this one. */
export function startQueue(place: QueuePlace): ChildProcess | undefined {
  if (isQueueRunning(place)) return undefined;
  const folder = dirname(place.runsDir);
  try {
    makeFolder(folder);
  } catch (error) {
    throw explainWrite(error, folder);
  }
  const log = openLog(join(folder, `queue-${place.device}.log`));
  try {
    const args = ["queue", place.runsDir, "--folder", place.folder, "--device", place.device];
    return startDetached(place, args, log);
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, "a");
  } catch (error) {
    throw explainWrite(error, path);
  }
}
