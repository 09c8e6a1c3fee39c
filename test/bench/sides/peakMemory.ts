import { readdirSync, readFileSync } from "node:fs";

const MIB = 1024;
const status = (key: string, pid = "self"): number =>
  Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / MIB;

/** Largest resident memory of this process so far, in MB (mapped weights included). */
export const peakMegabytes = (): number =>
  process.platform === "linux" ? status("VmHWM") : process.resourceUsage().maxRSS / MIB;
/** Resident memory of this process now, in MB. */
export const residentMegabytes = (): number => process.memoryUsage().rss / MIB ** 2;

/** Largest resident memory of the processes that this one has started and that live, in MB; 0 where it is not known. */
export function childrenPeakMegabytes(): number {
  if (process.platform !== "linux") return 0;
  const children = readdirSync("/proc/self/task").flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
  );
  return children.reduce((sum, pid) => sum + status("VmHWM", pid), 0);
}
