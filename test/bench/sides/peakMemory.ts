import { readFileSync } from "node:fs";

/** Largest resident memory of this process so far, in MB (mapped weights included). */
export function peakMegabytes(): number {
  if (process.platform === "linux") return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
  return process.resourceUsage().maxRSS / 1024;
}
