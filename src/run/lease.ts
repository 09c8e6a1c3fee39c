import { existsSync, readFileSync, rmSync } from "node:fs";
import * as z from "zod";
import { writeFileAtomic } from "./atomicFile.ts";

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
    const { pid, started } = Lease.parse(JSON.parse(readFileSync(path, "utf8")));
    return isAlive(pid) && (started === "" || startTime(pid) === started) ? pid : undefined;
  } catch { return undefined; }
}

/** Takes the lease unless another living process holds it. */
export function takeLease(path: string, pid: number): boolean {
  const holder = leaseHolder(path);
  if (holder !== undefined && holder !== pid) return false;
  writeFileAtomic(path, JSON.stringify({ pid, started: startTime(pid) }));
  return true;
}

export const dropLease = (path: string): void => { rmSync(path, { force: true }); };
