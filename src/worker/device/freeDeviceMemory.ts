import { execFile } from "node:child_process";
import type { Device } from "../../engine/engineSpec.ts";
import type { GpuUse } from "../../record/events.ts";
import { parseGpuUse, QUERY } from "./nvidiaSmi.ts";

/** How long (ms) nvidia-smi may take. */
const PATIENCE = 4000;

/**
 * Free bytes of the GPU that a device uses: CUDA's first visible one, otherwise the one with the most free. Undefined
 * where that is not known.
 */
export function freeOf(
  uses: readonly GpuUse[],
  device: Device,
  visible = process.env["CUDA_VISIBLE_DEVICES"],
): number | undefined {
  const first = /^\d+/.exec(visible ?? "0")?.[0];
  const chosen = device === "cuda" ? uses.filter(({ index }) => first === undefined || index === Number(first)) : uses;
  const free = chosen.flatMap(({ memoryTotal, memoryUsed }) =>
    memoryTotal === undefined || memoryUsed === undefined ? [] : [memoryTotal - memoryUsed],
  );
  return free.length === 0 ? undefined : Math.max(...free);
}

/**
 * Free bytes of a device's own memory, from nvidia-smi; undefined on the processor, and where there is no such program.
 */
export function freeDeviceMemory(device: Device, tool = "nvidia-smi"): Promise<number | undefined> {
  if (device !== "cuda" && device !== "webgpu" && device !== "directml") return Promise.resolve(undefined);
  return new Promise((resolve) => {
    execFile(tool, QUERY, { timeout: PATIENCE, windowsHide: true }, (error, stdout) => {
      resolve(error === null ? freeOf(parseGpuUse(stdout), device) : undefined);
    });
  });
}
