import { execFile } from "node:child_process";
import type { EngineChoice } from "../../engine/engineSpec.ts";
import type { GpuUse } from "../../record/events.ts";
import { parseGpuUse, QUERY } from "../device/nvidiaSmi.ts";
import { parseRocmUse, ROCM_QUERY } from "../device/rocmSmi.ts";

const PATIENCE = 4000;

/** A program that tells how graphics processors are used. */
export interface GpuTool {
  program: string;
  query: readonly string[];
  parse: (text: string) => GpuUse[];
}
export const NVIDIA: GpuTool = { program: "nvidia-smi", query: QUERY, parse: parseGpuUse };
export const AMD: GpuTool = { program: "rocm-smi", query: ROCM_QUERY, parse: parseRocmUse };

/** Whether an engine computes, or may compute, on a graphics processor of NVIDIA or AMD. */
function isWatched({ device, torchDevice = "auto" }: Pick<EngineChoice, "device" | "torchDevice">): boolean {
  if (device === "torch") return torchDevice !== "cpu" && torchDevice !== "mps";
  return device === "webgpu" || device === "cuda" || device === "directml" || device === "tfjs";
}

/**
 * Memory, utilisation and temperature of GPUs, for runs that compute on one; nothing is known without nvidia-smi and
 * rocm-smi.
 */
export class GpuWatch {
  private asks = false;
  private asking = false;
  private latest: GpuUse[] | undefined;

  /** @param tools the programs that are asked, up to the first that tells */
  constructor(private tools: readonly GpuTool[] = [NVIDIA, AMD]) {}

  /** Starts watching where the engine's device is, or may be, a GPU. */
  watch(engine: Pick<EngineChoice, "device" | "torchDevice">): void {
    this.asks = isWatched(engine);
    this.ask();
  }

  /** Returns the latest figures, and asks for new ones. */
  read(): GpuUse[] | undefined {
    this.ask();
    return this.latest;
  }

  private ask(): void {
    const [tool] = this.tools;
    if (!this.asks || this.asking || tool === undefined) return;
    this.asking = true;
    execFile(tool.program, tool.query, { timeout: PATIENCE, windowsHide: true }, (error, stdout) => {
      this.asking = false;
      const found = error === null ? tool.parse(stdout) : [];
      this.latest = found.length > 0 ? found : undefined;
      if (found.length > 0) return;
      // A program that is missing, or finds no GPU, is not asked again.
      this.tools = this.tools.slice(1);
      this.ask();
    }).unref();
  }
}
