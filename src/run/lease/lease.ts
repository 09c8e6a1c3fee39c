import { createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { explainWrite, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { hostDisplayName, whereIs, ownHostIdentity } from "./hostIdentity.ts";

/** A lease has some dozens of bytes. */
const MOST_BYTES = 10_000;
/** Leases of older versions do not say where: they are taken for this machine's. */
const Lease = z.object({
  pid: z.number().int().positive(),
  started: z.string(),
  machine: z.object({ host: z.string(), boot: z.string(), space: z.string() }).optional(),
});

/**
 * So often (ms) who holds a lease touches it; so long after that one who cannot look for the process takes it to live.
 * Clocks of machines differ.
 */
const TOUCH_MS = 30_000;
const FRESH_MS = 10 * 60_000;

/** When a process started, where the system tells (Linux): a pid alone may be somebody else's by now. */
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

/** What a lease file says; undefined where there is none, nothing where it is no plain file, or too long for one. */
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
 * Who holds a lease: a process of this machine, by its number, or one out of sight (another machine, another
 * container), by the name of its machine.
 */
export type Holder = { readonly pid: number } | { readonly host: string };

/** The living process that a lease is of. One that is damaged is nobody's. */
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
  // Where a system tells when a process started, a lease that does not say so is none: it would name any process to be
  // stopped.
  return where === "here" && isAlive(pid) && startTime(pid) === started ? { pid } : undefined;
}

function isFresh(path: string): boolean {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry !== undefined && Date.now() - entry.mtimeMs < FRESH_MS;
}

/** Who holds a lease file, if he still lives. */
export const holderOf = (path: string): Holder | undefined => holderIn(textOf(path), path);

/** The process of this machine that holds a lease file, if it still lives: the only one that can be sent a signal. */
export function leaseHolder(path: string): number | undefined {
  const holder = holderOf(path);
  return holder !== undefined && "pid" in holder ? holder.pid : undefined;
}

/** Whether somebody holds a lease file, here or elsewhere. */
export const isHeld = (path: string): boolean => holderOf(path) !== undefined;

const leaseOf = (pid: number): string => JSON.stringify({ pid, started: startTime(pid), machine: ownHostIdentity() });

/** Whether a lease file is this process's. */
export const isOwnLease = (path: string): boolean => textOf(path) === leaseOf(process.pid);

const touching = new Map<string, NodeJS.Timeout>();

/** Tells those who cannot look for this process that it lives, until it gives the lease back or another has it. */
function touch(path: string): void {
  clearInterval(touching.get(path));
  const timer = setInterval(() => {
    try {
      if (isOwnLease(path)) utimesSync(path, new Date(), new Date());
      else clearInterval(timer);
    } catch {
      /* a folder that is away for a moment: the next time counts */
    }
  }, TOUCH_MS);
  touching.set(path, timer.unref());
}

/**
 * Takes the lease unless another living process holds it; of several that try at once, one gets it.
 * @throws UserError when its folder may not be written, or the disk is full
 */
export function takeLease(path: string, pid: number): boolean {
  const isTaken = tryLease(path, pid);
  if (isTaken && pid === process.pid) touch(path);
  return isTaken;
}

function tryLease(path: string, pid: number): boolean {
  // Another machine's process may have the same number.
  const own = `${path}.${pid}-${randomBytes(4).toString("hex")}`;
  writeFileAtomic(own, leaseOf(pid));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link is made by one alone; a write would let the last of two win, and both go on.
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
 * Puts the own lease in the place of a dead process's. Whoever replaces this very lease holds another, named for its
 * content, meanwhile: one that looked before and comes late then sees that it is a living process's by now, and leaves
 * it.
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

/** Where the file system has no links: the last of two at once wins, and the first finds out when it looks. */
function takeUnlinked(own: string, path: string, pid: number): boolean {
  const holder = holderOf(path);
  if (holder !== undefined && !("pid" in holder && holder.pid === pid)) return false;
  renameSync(own, path);
  return leaseHolder(path) === pid;
}

/** Gives this process's lease back; another's, who took it over meanwhile, stays. */
export function dropLease(path: string): void {
  clearInterval(touching.get(path));
  touching.delete(path);
  if (isOwnLease(path)) rmSync(path, { force: true });
}
