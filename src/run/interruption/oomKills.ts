import { readFileSync } from "node:fs";

/**
 * Returns how many processes the Linux kernel has killed for lack of memory since it booted; undefined on other
 * systems.
 */
export function oomKills(): number | undefined {
  let text: string;
  try {
    text = readFileSync("/proc/vmstat", "utf8");
  } catch {
    return undefined;
  }
  const found = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
