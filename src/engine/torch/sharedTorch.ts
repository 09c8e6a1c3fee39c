import type { EngineSpec } from "../engineSpec.ts";
import { pythonCandidates } from "./findPython.ts";
import type { TorchTold } from "./torchAnswers.ts";
import type { TorchProcess } from "./torchProcess.ts";
import { startTorch } from "./torchTrouble.ts";

/** A process and what it told of its PyTorch and device. */
export interface StartedTorch {
  process: TorchProcess;
  told: TorchTold;
}
interface Entry {
  starting: Promise<StartedTorch>;
  users: number;
  ending: NodeJS.Timeout | undefined;
}

/** How long (ms) a process waits for another model: importing PyTorch takes seconds. */
const LINGER = 5000;
const entries = new Map<string, Entry>();

/** A share of a process: models of one device and the same settings have one process, and its frozen weights once. */
export class SharedTorch {
  private isReleased = false;

  private constructor(
    readonly started: StartedTorch,
    private readonly entry: Entry,
    private readonly key: string,
  ) {}

  /** @throws UserError where no Python has PyTorch, or it lacks the device */
  static async acquire(spec: EngineSpec): Promise<SharedTorch> {
    const { torchDevice, threads, tf32 } = spec;
    const key = JSON.stringify([pythonCandidates(), torchDevice, threads, tf32]);
    const known = entries.get(key);
    const entry = known ?? { starting: startTorch(spec), users: 0, ending: undefined };
    entries.set(key, entry);
    clearTimeout(entry.ending);
    entry.users++;
    try {
      const started = await entry.starting;
      if (started.process.isAlive) return new SharedTorch(started, entry, key);
    } catch (error) {
      if (entries.get(key) === entry) entries.delete(key);
      throw error;
    }
    // It ended while nobody used it, or under its users' calls.
    if (entries.get(key) === entry) entries.delete(key);
    return SharedTorch.acquire(spec);
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    const { entry, key } = this;
    if (--entry.users > 0) return;
    entry.ending = setTimeout(() => {
      if (entries.get(key) === entry) entries.delete(key);
      void this.started.process.end();
    }, LINGER).unref();
  }
}
