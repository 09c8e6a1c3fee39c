import { readFileSync } from "node:fs";

/**
 * How many processes the system has ended for want of memory since it started; undefined where it does not tell (Linux
 * does).
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
