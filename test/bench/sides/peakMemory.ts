import { readFileSync } from "node:fs";

const MIB = 1024;
const status = (key: string): number =>
  Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / MIB;

/** Largest resident memory of this process so far, in MB (mapped weights included). */
export const peakMegabytes = (): number =>
  process.platform === "linux" ? status("VmHWM") : process.resourceUsage().maxRSS / MIB;
/** Resident memory of this process now, in MB. */
export const residentMegabytes = (): number => process.memoryUsage().rss / MIB ** 2;
