import type { GpuUse } from "../../record/events.ts";

/** What is asked of nvidia-smi; one line of values a graphics processor. */
export const QUERY = [
  "--query-gpu=index,name,memory.used,memory.total,utilization.gpu",
  "--format=csv,noheader,nounits",
];
const MIB = 1024 * 1024;
const MOST_GPUS = 16;

/** A value in its unit; the tool writes [N/A] and the like for what a driver does not tell. */
const valueOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;

function useOf(line: string): GpuUse | undefined {
  const parts = line.split(",").map((part) => part.trim());
  const index = valueOf(parts[0]);
  if (index === undefined || parts.length < 5) return undefined;
  const [used, total, percent] = parts.slice(-3).map(valueOf);
  return {
    index,
    name: parts.slice(1, -3).join(", "),
    ...(used !== undefined && { memoryUsed: used * MIB }),
    ...(total !== undefined && { memoryTotal: total * MIB }),
    ...(percent !== undefined && { utilisation: percent / 100 }),
  };
}

/** Reads nvidia-smi's answer to QUERY; lines that are none are left out. */
export function parseGpuUse(text: string): GpuUse[] {
  return text
    .split("\n")
    .map(useOf)
    .filter((use) => use !== undefined)
    .slice(0, MOST_GPUS);
}
