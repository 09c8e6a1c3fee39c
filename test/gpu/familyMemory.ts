import { readdirSync, readFileSync } from "node:fs";

/** The numbers of a process's status file by their names; undefined where the process has ended. */
function statusOf(pid: string): Record<string, number> | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, "utf8").matchAll(/^(\w+):\s+(\d+)/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name!, Number(value)]));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

/** The largest resident memory of this process and of those that it started, added, in MB; 0 where nothing tells. */
export function familyMegabytes(): number {
  if (process.platform !== "linux") return 0;
  const all = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        const status = statusOf(pid);
        return status === undefined ? [] : [[Number(pid), status] as const];
      }),
  );
  const family = new Set([process.pid]);
  // A child's number may be below its parent's.
  for (let before = 0; before < family.size;) {
    before = family.size;
    for (const [pid, { PPid }] of all) if (PPid !== undefined && family.has(PPid)) family.add(pid);
  }
  return [...family].reduce((sum, pid) => sum + (all.get(pid)?.["VmHWM"] ?? 0), 0) / 1024;
}
