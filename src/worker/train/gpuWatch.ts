import { execFile } from "node:child_process";
import type { Device, EngineChoice } from "../../engine/engineSpec.ts";
import type { GpuUse } from "../../record/events.ts";
import { parseGpuUse, QUERY } from "../device/nvidiaSmi.ts";

const WATCHED: readonly Device[] = ["webgpu", "cuda", "directml", "tfjs"];
const PATIENCE = 4000;

/** Memory and utilisation of NVIDIA GPUs, for runs that compute on one; nothing is known without nvidia-smi. */
export class GpuWatch {
  private asks = false;
  private asking = false;
  private latest: GpuUse[] | undefined;

  /** @param tool the program, nvidia-smi */
  constructor(private readonly tool = "nvidia-smi") {}

  /** Starts watching where the device is, or may be, a GPU. */
  watch(device: EngineChoice["device"]): void {
    this.asks = WATCHED.some((each) => each === device);
    this.ask();
  }

  /** Returns the latest figures, and asks for new ones. */
  read(): GpuUse[] | undefined {
    this.ask();
    return this.latest;
  }

  private ask(): void {
    if (!this.asks || this.asking) return;
    this.asking = true;
    execFile(this.tool, QUERY, { timeout: PATIENCE, windowsHide: true }, (error, stdout) => {
      this.asking = false;
      const found = error === null ? parseGpuUse(stdout) : [];
      // A program that is missing, or finds no GPU, is not asked again.
      if (found.length === 0) this.asks = false;
      this.latest = found.length > 0 ? found : undefined;
    }).unref();
  }
}
