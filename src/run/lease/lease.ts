import { createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { explainWrite, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { hostDisplayName, whereIs, ownHostIdentity } from "./hostIdentity.ts";

/** The largest accepted lease file in bytes; a real one has some dozens. */
const MOST_BYTES = 10_000;
/** The content of a lease file. Those of older versions have no `machine` and count as this machine's. */
const Lease = z.object({
  pid: z.number().int().positive(),
  started: z.string(),
  machine: z.object({ host: z.string(), boot: z.string(), space: z.string() }).optional(),
});

/**
 * The holder touches its lease file every TOUCH_MS. A process that cannot look up the holder counts it as dead after
 * FRESH_MS without a touch; this is far longer because the machines' clocks differ.
 */
const TOUCH_MS = 30_000;
const FRESH_MS = 10 * 60_000;

/**
 * When a process started, in clock ticks since boot (Linux); empty on other systems. The process id alone may have been
 * reused.
 */
function startTime(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

/**
 * Returns the content of a lease file: undefined if there is none, and "" if it is not a regular file or is too long.
 */
function textOf(path: string): string | undefined {
  try {
    return boundedText(path, MOST_BYTES);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
    if (code !== undefined && code !== "ENOENT") throw error;
    return code === undefined ? "" : undefined;
  }
}

/**
 * The process that holds a lease: on this machine by its process id, else (another machine or container) by the name of
 * its machine.
 */
export type Holder = { readonly pid: number } | { readonly host: string };

/** Returns the living process that a lease names. A damaged lease has no holder. */
function holderIn(text: string | undefined, path: string): Holder | undefined {
  if (text === undefined) return undefined;
  let lease: z.output<typeof Lease>;
  try {
    lease = Lease.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { pid, started, machine } = lease;
  const where = machine === undefined ? "here" : whereIs(machine);
  if (where === "elsewhere") return isFresh(path) ? { host: hostDisplayName(machine!.host).slice(0, 100) } : undefined;
  // On a system that tells when a process started, a lease without that time is invalid: it could name any process as
  // the
  // one to be stopped.
  return where === "here" && isAlive(pid) && startTime(pid) === started ? { pid } : undefined;
}

function isFresh(path: string): boolean {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry !== undefined && Date.now() - entry.mtimeMs < FRESH_MS;
}

/**
 * Returns the living process that holds a lease file, if there is one.
 * @throws UserError when the file cannot be read
 */
export const holderOf = (path: string): Holder | undefined => holderIn(textOf(path), path);

/**
 * Returns the id of the process that holds a lease file, if it lives on this machine: only such a process can be sent a
 * signal.
 */
export function localHolderOf(path: string): number | undefined {
  const holder = holderOf(path);
  return holder !== undefined && "pid" in holder ? holder.pid : undefined;
}

/** Whether a living process, here or elsewhere, holds a lease file. */
export const isHeld = (path: string): boolean => holderOf(path) !== undefined;

const leaseOf = (pid: number): string => JSON.stringify({ pid, started: startTime(pid), machine: ownHostIdentity() });

/** Whether this process holds the lease file. */
export const isOwnLease = (path: string): boolean => textOf(path) === leaseOf(process.pid);

const touching = new Map<string, NodeJS.Timeout>();

/**
 * Touches the lease file regularly, for processes that cannot look up this one, until this process no longer holds it.
 */
function touch(path: string): void {
  clearInterval(touching.get(path));
  const timer = setInterval(() => {
    try {
      if (isOwnLease(path)) utimesSync(path, new Date(), new Date());
      else clearInterval(timer);
    } catch {
      /* the folder cannot be reached at the moment: try again the next time */
    }
  }, TOUCH_MS);
  touching.set(path, timer.unref());
}

/**
 * Takes the lease unless another living process holds it. Of several processes that try at once exactly one succeeds.
 * @param pid the process that takes it
 * @returns whether it holds the lease now
 * @throws UserError when the folder cannot be written or the disk is full
 */
export function takeLease(path: string, pid: number): boolean {
  const isTaken = tryLease(path, pid);
  if (isTaken && pid === process.pid) touch(path);
  return isTaken;
}

function tryLease(path: string, pid: number): boolean {
  // Random letters, since a process of another machine may have the same id.
  const own = `${path}.${pid}-${randomBytes(4).toString("hex")}`;
  writeFileAtomic(own, leaseOf(pid));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      // link fails if the file exists, so exactly one process succeeds; with a write the last would win and both would
      // go on.
      try {
        linkSync(own, path);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") return takeUnlinked(own, path, pid);
      }
      const text = textOf(path);
      if (text === undefined) continue;
      const holder = holderIn(text, path);
      if (holder !== undefined) return "pid" in holder && holder.pid === pid;
      if (takeOver(own, path, { pid, text })) return true;
    }
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Replaces the lease of a dead process. To do so it holds a second lease, named by the hash of the dead lease's
 * content: a process that read the dead lease and comes late then finds another content, and leaves the living
 * process's lease alone.
 */
function takeOver(own: string, path: string, { pid, text }: { pid: number; text: string }): boolean {
  const turn = `${path}.${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  if (!tryLease(turn, pid)) return false;
  try {
    if (textOf(path) !== text) return false;
    try {
      renameSync(own, path);
    } catch (error) {
      throw explainWrite(error, path);
    }
    return true;
  } finally {
    rmSync(turn, { force: true });
  }
}

/**
 * Takes the lease on a file system without hard links: of two processes at once the last wins, and the first notices it
 * on reading the file.
 */
function takeUnlinked(own: string, path: string, pid: number): boolean {
  const holder = holderOf(path);
  if (holder !== undefined && !("pid" in holder && holder.pid === pid)) return false;
  renameSync(own, path);
  return localHolderOf(path) === pid;
}

/** Gives the lease back if this process holds it; does nothing if another process has taken it over. */
export function dropLease(path: string): void {
  clearInterval(touching.get(path));
  touching.delete(path);
  if (isOwnLease(path)) rmSync(path, { force: true });
}
