import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** Milliseconds after which nobody goes on writing a file. */
const LEFT_AFTER = 10 * 60 * 1000;
/** A temporary name: the process that writes, one of its files, and where the process's number holds. */
const TEMPORARY = /\.(\d+)-[0-9a-f]{8}-([0-9a-f]{8})\.tmp$/;

let place: string | undefined;

/** Where the numbers of processes are those that this process sees: this machine, and on Linux this container. */
function processPlace(): string {
  if (place !== undefined) return place;
  let namespace = "";
  try {
    namespace = readlinkSync("/proc/self/ns/pid");
  } catch {
    // Another system than Linux.
  }
  place = createHash("sha256").update(`${hostname()}\n${namespace}`).digest("hex").slice(0, 8);
  return place;
}

/** The name under which this process writes a file of the cache; its threads may write the same one at once. */
export const temporaryName = (path: string): string =>
  `${path}.${process.pid}-${randomUUID().slice(0, 8)}-${processPlace()}.tmp`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether the process that wrote a temporary file has surely ended. */
function isOrphan(name: string): boolean {
  const [, pid, at] = TEMPORARY.exec(name) ?? [];
  return pid !== undefined && at === processPlace() && !isRunning(Number(pid));
}

/** Removes what processes that were killed while they wrote a file of the cache have left, which may be gigabytes. */
export function removeLeft(folder: string, now = Date.now()): void {
  // A model that needs no copy makes no cache.
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".tmp")) continue;
    const left = join(folder, name);
    const entry = statSync(left, { throwIfNoEntry: false });
    if (entry === undefined || !(isOrphan(name) || now - entry.mtimeMs > LEFT_AFTER)) continue;
    try {
      rmSync(left, { recursive: true, force: true });
    } catch {
      // On Windows, files that another process has open cannot be deleted: the next one tries again.
    }
  }
}
