import type { GpuUse } from "../../record/events.ts";

/** Arguments of nvidia-smi; it prints a line of values for each GPU. */
export const QUERY = [
  "--query-gpu=index,name,memory.used,memory.total,utilization.gpu,temperature.gpu",
  "--format=csv,noheader,nounits",
];
const MIB = 1024 * 1024;
const MOST_GPUS = 16;

/** A number; nvidia-smi prints [N/A] and the like for a value that a driver does not report. */
const valueOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;

function useOf(line: string): GpuUse | undefined {
  const parts = line.split(",").map((part) => part.trim());
  const index = valueOf(parts[0]);
  if (index === undefined || parts.length < 6) return undefined;
  const [used, total, percent, celsius] = parts.slice(-4).map(valueOf);
  return {
    index,
    name: parts.slice(1, -4).join(", "),
    ...(used !== undefined && { memoryUsed: used * MIB }),
    ...(total !== undefined && { memoryTotal: total * MIB }),
    ...(percent !== undefined && { utilisation: percent / 100 }),
    ...(celsius !== undefined && { temperature: celsius }),
  };
}

/** Parses nvidia-smi's answer to QUERY; other lines are skipped. */
export function parseGpuUse(text: string): GpuUse[] {
  return text
    .split("\n")
    .map(useOf)
    .filter((use) => use !== undefined)
    .slice(0, MOST_GPUS);
}
