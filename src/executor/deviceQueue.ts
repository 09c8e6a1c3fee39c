import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { explainWrite, makeFolder } from "../base/files/atomicFile.ts";
import { holderOf, isHeld } from "../run/lease/lease.ts";
import type { WorkerPlace } from "./workerProcess.ts";

/**
 * The queue of one device over the runs of a folder. Its whole state is the run directories, so it survives whatever
 * ends it.
 */
export interface QueuePlace extends WorkerPlace {
  runsDir: string;
  device: string;
}

export const leasePath = ({ runsDir, device }: Pick<QueuePlace, "runsDir" | "device">): string =>
  join(dirname(runsDir), `queue-${device}.lease`);

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
