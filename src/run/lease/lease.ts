import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  futimesSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { isOtherStart, type ClusterJob } from "../../record/clusterJob.ts";
import { explainWrite, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { hostDisplayName, whereIs } from "./hostIdentity.ts";
import { isOwn, leaseOf, leaseText, parseLease, startTime, type LeaseTerms } from "./leaseContent.ts";

/** The largest accepted lease file in bytes; a real one has some hundreds. */
const MOST_BYTES = 10_000;

/**
 * The holder counts up the beat of its lease file every BEAT_MS. A process that cannot look up the holder counts it as
 * dead after FRESH_MS without a beat; this is far longer because the machines' clocks differ.
 */
const BEAT_MS = 5000;
const FRESH_MS = 10 * 60_000;

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
 * its machine; `brief` as in the lease's terms.
 */
export type Holder = ({ readonly pid: number } | { readonly host: string }) & { readonly brief?: true };

/** Returns the living process that a lease names. A damaged lease has no holder. */
function holderIn(text: string | undefined, path: string): Holder | undefined {
  const lease = text === undefined ? undefined : parseLease(text);
  if (lease === undefined) return undefined;
  const { pid, started, machine } = lease;
  const brief = lease.brief === true ? { brief: true as const } : {};
  const where = machine === undefined ? "here" : whereIs(machine);
  if (where === "elsewhere")
    return isFresh(path) ? { host: hostDisplayName(machine!.host).slice(0, 100), ...brief } : undefined;
  // On a system that tells when a process started, a lease without that time is invalid: it could name any process as
  // the one to be stopped.
  return where === "here" && isAlive(pid) && startTime(pid) === started ? { pid, ...brief } : undefined;
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
 * signal. One that holds the lease for a moment only is not meant by any.
 */
export function localHolderOf(path: string): number | undefined {
  const holder = holderOf(path);
  return holder !== undefined && "pid" in holder && holder.brief !== true ? holder.pid : undefined;
}

/** Whether a living process, here or elsewhere, holds a lease file, for longer than a moment. */
export function isHeld(path: string): boolean {
  const holder = holderOf(path);
  return holder !== undefined && holder.brief !== true;
}

/** Whether a lease file names a process that has died without giving it back, and that was at work. */
export function isLost(path: string): boolean {
  const text = textOf(path);
  return text !== undefined && holderIn(text, path) === undefined && parseLease(text)?.brief !== true;
}

/**
 * Returns the content of a lease file that an earlier start of a cluster's job holds. Each beat changes it.
 * @param isWholeJob as in `isOtherStart`
 */
export function leaseOfEarlierStart(path: string, job: ClusterJob, isWholeJob = false): string | undefined {
  const text = textOf(path);
  return text !== undefined && isOtherStart(job, parseLease(text)?.job, isWholeJob) ? text : undefined;
}

/** Returns the content of a lease file that a cluster's job holds. @param id the job's id */
export function leaseOfJob(path: string, id: string): string | undefined {
  const text = textOf(path);
  return text !== undefined && parseLease(text)?.job?.id === id ? text : undefined;
}

/** Whether this process holds the lease file. */
export function isOwnLease(path: string): boolean {
  const text = textOf(path);
  const lease = text === undefined ? undefined : parseLease(text);
  return lease !== undefined && isOwn(lease);
}

/** Windows has no such flag. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/**
 * Counts up the beat of a lease that this process holds. The file is opened once, read and written: a process that
 * takes the lease over meanwhile puts another file in its place, which this one does not write to.
 * @returns false if it is another's, or there is none
 */
function beatOnce(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | NO_LINK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  try {
    const lease = parseLease(readFileSync(fd, "utf8"));
    if (lease === undefined || !isOwn(lease)) return false;
    writeSync(fd, leaseText({ ...lease, beat: (lease.beat ?? 0) + 1 }), 0);
    // For versions that know no beat. It is the time of this machine, and not of a file server.
    futimesSync(fd, new Date(), new Date());
    return true;
  } finally {
    closeSync(fd);
  }
}

const beating = new Map<string, NodeJS.Timeout>();

/** Gives signs of life to processes that cannot look up this one, until this process no longer holds the lease. */
function beat(path: string): void {
  clearInterval(beating.get(path));
  const timer = setInterval(() => {
    try {
      if (!beatOnce(path)) clearInterval(timer);
    } catch {
      /* the folder cannot be reached at the moment: try again the next time */
    }
  }, BEAT_MS);
  beating.set(path, timer.unref());
}

/**
 * Takes the lease unless another living process holds it. Of several processes that try at once exactly one succeeds.
 * @param pid the process that takes it
 * @param terms what for
 * @returns whether it holds the lease now; a process that has it already keeps it on its former terms
 * @throws UserError when the folder cannot be written or the disk is full
 */
export function takeLease(path: string, pid: number, terms: LeaseTerms = {}): boolean {
  const isTaken = tryLease(path, pid, terms);
  if (isTaken && pid === process.pid) beat(path);
  return isTaken;
}

function tryLease(path: string, pid: number, terms: LeaseTerms): boolean {
  // Random letters, since a process of another machine may have the same id.
  const own = `${path}.${pid}-${randomBytes(4).toString("hex")}`;
  writeFileAtomic(own, leaseText(leaseOf(pid, terms)));
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
      const holder = text === terms.still ? undefined : holderIn(text, path);
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
  if (!tryLease(turn, pid, {})) return false;
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
  const isMine = (): boolean => {
    const holder = holderOf(path);
    return holder !== undefined && "pid" in holder && holder.pid === pid;
  };
  if (holderOf(path) !== undefined && !isMine()) return false;
  renameSync(own, path);
  return isMine();
}

/** Gives the lease back if this process holds it; does nothing if another process has taken it over. */
export function dropLease(path: string): void {
  clearInterval(beating.get(path));
  beating.delete(path);
  if (isOwnLease(path)) rmSync(path, { force: true });
}
