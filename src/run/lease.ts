import { existsSync, linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import * as z from "zod";
import { boundedText } from "../experiment/boundedFile.ts";
import { writeFileAtomic } from "./atomicFile.ts";

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

/** The process that holds a lease file, if it still lives. */
export function leaseHolder(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { pid, started } = Lease.parse(JSON.parse(boundedText(path, MOST_BYTES)));
    // Where a system tells when a process started, a lease that does not say so is none: it would name any process to be stopped.
    return isAlive(pid) && startTime(pid) === started ? pid : undefined;
  } catch { return undefined; }
}

/** Takes the lease unless another living process holds it; of several that try at once, one gets it. */
export function takeLease(path: string, pid: number): boolean {
  const own = `${path}.${pid}`;
  writeFileAtomic(own, JSON.stringify({ pid, started: startTime(pid) }));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link is made by one alone; a write would let the last of two win, and both go on.
      try { linkSync(own, path); return true; } catch (error) { if ((error as NodeJS.ErrnoException).code !== "EEXIST") return takeUnlinked(own, path, pid); }
      const holder = leaseHolder(path);
      if (holder !== undefined) return holder === pid;
      removeVoid(path, `${own}.void`);
    }
    return false;
  } finally { rmSync(own, { force: true }); }
}

/** Where the file system has no links: the last of two at once wins, and the first finds out when it looks. */
function takeUnlinked(own: string, path: string, pid: number): boolean {
  const holder = leaseHolder(path);
  if (holder !== undefined && holder !== pid) return false;
  renameSync(own, path);
  return leaseHolder(path) === pid;
}

/** Takes a dead process's lease away; one that somebody has taken meanwhile is put back. */
function removeVoid(path: string, aside: string): void {
  try {
    renameSync(path, aside);
    if (leaseHolder(aside) !== undefined) linkSync(aside, path);
  } catch { /* gone meanwhile, or taken: the next attempt tells */ }
  rmSync(aside, { force: true });
}

export const dropLease = (path: string): void => { rmSync(path, { force: true }); };
