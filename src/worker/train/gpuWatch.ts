import { execFile } from "node:child_process";
import type { Device, EngineChoice } from "../../engine/engineSpec.ts";
import type { GpuUse } from "../../record/events.ts";
import { parseGpuUse, QUERY } from "../device/nvidiaSmi.ts";

const WATCHED: readonly Device[] = ["webgpu", "cuda", "directml", "tfjs"];
const PATIENCE = 4000;

/** Memory and load of NVIDIA's graphics processors, for runs that compute on one; without its tool nothing is known. */
export class GpuWatch {
  private asks = false;
  private asking = false;
  private latest: GpuUse[] | undefined;

  /** @param tool NVIDIA's own */
  constructor(private readonly tool = "nvidia-smi") {}

  /** Starts where the device is, or could be, a graphics processor. */
  watch(device: EngineChoice["device"]): void {
    this.asks = WATCHED.some((each) => each === device);
    this.ask();
  }

  /** What was known last; the next answer is asked for. */
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
      // A tool that is missing, or finds nothing, is not asked again.
      if (found.length === 0) this.asks = false;
      this.latest = found.length > 0 ? found : undefined;
    }).unref();
  }
}
