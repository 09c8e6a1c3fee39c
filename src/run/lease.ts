import { createHash } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import * as z from "zod";
import { boundedText } from "../experiment/boundedFile.ts";
import { UserError } from "../experiment/errors.ts";
import { explainWrite, writeFileAtomic } from "../disk/atomicFile.ts";

/** A lease has some dozens of bytes. */
const MOST_BYTES = 10_000;
const Lease = z.object({ pid: z.number().int().positive(), started: z.string() });

/** When a process started, where the system tells (Linux): a pid alone may be somebody else's by now. */
function startTime(pid: number): string {
  try { return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? ""; } catch { return ""; }
}

function isAlive(pid: number): boolean {
  try { process.kill(pid, 0); } catch (error) { if ((error as NodeJS.ErrnoException).code !== "EPERM") return false; }
  try { return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")); } catch { return process.platform !== "linux"; }
}

/** What a lease file says; undefined where there is none, nothing where it is no plain file, or too long for one. */
function textOf(path: string): string | undefined {
  try { return boundedText(path, MOST_BYTES); } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
    if (code !== undefined && code !== "ENOENT") throw error;
    return code === undefined ? "" : undefined;
  }
}

/** The living process that a lease is of. One that is damaged is nobody's. */
function holderIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const { pid, started } = Lease.parse(JSON.parse(text));
    // Where a system tells when a process started, a lease that does not say so is none: it would name any process to be stopped.
    return isAlive(pid) && startTime(pid) === started ? pid : undefined;
  } catch { return undefined; }
}

/** The process that holds a lease file, if it still lives. */
export const leaseHolder = (path: string): number | undefined => holderIn(textOf(path));

/** Takes the lease unless another living process holds it; of several that try at once, one gets it. @throws UserError when its folder may not be written, or the disk is full */
export function takeLease(path: string, pid: number): boolean {
  const own = `${path}.${pid}`;
  writeFileAtomic(own, JSON.stringify({ pid, started: startTime(pid) }));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link is made by one alone; a write would let the last of two win, and both go on.
      try { linkSync(own, path); return true; } catch (error) { if ((error as NodeJS.ErrnoException).code !== "EEXIST") return takeUnlinked(own, path, pid); }
      const text = textOf(path);
      if (text === undefined) continue;
      const holder = holderIn(text);
      if (holder !== undefined) return holder === pid;
      if (takeOver(own, path, { pid, text })) return true;
    }
    return false;
  } finally { rmSync(own, { force: true }); }
}

/**
 * Puts the own lease in the place of a dead process's. Whoever replaces this very lease holds another, named for its content, meanwhile: one that
 * looked before and comes late then sees that it is a living process's by now, and leaves it.
 */
function takeOver(own: string, path: string, { pid, text }: { pid: number; text: string }): boolean {
  const turn = `${path}.${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  if (!takeLease(turn, pid)) return false;
  try {
    if (textOf(path) !== text) return false;
    try { renameSync(own, path); } catch (error) { throw explainWrite(error, path); }
    return true;
  } finally { dropLease(turn); }
}

/** Where the file system has no links: the last of two at once wins, and the first finds out when it looks. */
function takeUnlinked(own: string, path: string, pid: number): boolean {
  const holder = leaseHolder(path);
  if (holder !== undefined && holder !== pid) return false;
  renameSync(own, path);
  return leaseHolder(path) === pid;
}

export const dropLease = (path: string): void => { rmSync(path, { force: true }); };
