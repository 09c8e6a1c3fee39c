import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const CLI = join(import.meta.dirname, "../../../dist/cli.js");
const POLL_MS = 2;

/** A run's way to its first step. */
export interface FirstStep {
  /** From the start of `adept train`. */
  ms: number;
  /** Resident memory of the worker: its most until then, looked at in short turns, in MB; 0 where it is not told. */
  megabytes: number;
  /** Milliseconds at which the journal has each event, by type; of several of a type, the last before the step. */
  at: Record<string, number>;
}

interface Told {
  type: string;
  time: number;
  status?: string;
  pid?: number;
}

/** Resident memory of a process, where the system has /proc. */
function residentOf(pid: number): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function eventsIn(path: string): Told[] {
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  return lines.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line) as Told);
}

/**
 * Trains x.adept.json of a folder, and waits for its end.
 * @param env variables beside this process's own
 */
export async function firstStep(folder: string, env: Readonly<Record<string, string>> = {}): Promise<FirstStep> {
  const runs = join(folder, ".adept/runs");
  const before = new Set(existsSync(runs) ? readdirSync(runs) : []);
  const from = Date.now();
  const child = spawn(process.execPath, [CLI, "train", "x.adept.json", "--no-git", "--set", `seed=${before.size}`], {
    cwd: folder,
    stdio: "ignore",
    env: { ...process.env, ...env },
  });
  const ended = new Promise<void>((done) => {
    child.on("exit", () => {
      done();
    });
  });
  let megabytes = 0;
  for (;;) {
    const id = existsSync(runs) ? readdirSync(runs).find((name) => !before.has(name)) : undefined;
    const events = id === undefined ? [] : eventsIn(join(runs, id, "events.jsonl"));
    const pid = events.find((event) => event.pid !== undefined)?.pid;
    if (pid !== undefined) megabytes = Math.max(megabytes, residentOf(pid));
    const step = events.findIndex(({ type }) => type === "step");
    if (step >= 0) {
      await ended;
      const at = Object.fromEntries(
        events.slice(0, step).map(({ type, status, time }) => [status ?? type, time - from]),
      );
      return { ms: events[step]!.time - from, megabytes, at };
    }
    if (child.exitCode !== null) throw new Error(`adept train ended without a step: ${JSON.stringify(events.at(-1))}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
