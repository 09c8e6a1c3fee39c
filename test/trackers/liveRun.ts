import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readRuns } from "../../src/run/directory/runList.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { isLive } from "../../src/record/record.ts";
import { trackedRun, type TrackedRun } from "../../src/tracker/trackedRun.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
/** The longest wait for anything, in ms. */
const LONGEST = 600_000;

/** A workspace with a small experiment on the embedded model. */
export interface LiveWorkspace {
  root: string;
  adept: (...args: string[]) => string;
  /** Starts a command and does not wait for it. */
  start: (...args: string[]) => void;
  /** Starts a run in the background. */
  train: (...args: string[]) => RunDirectory;
  /** Ends what a failed test has left at work, and removes the folder. */
  remove: () => void;
}

/** @param every steps between two checkpoints */
export function liveWorkspace(steps: number, every: number): LiveWorkspace {
  const root = mkdtempSync(join(tmpdir(), "adept-live-"));
  const rows = Array.from({ length: 60 }, (_, i) => ({ text: `${i % 2 === 0 ? "good" : "bad"} ${i}`, label: i % 2 }));
  writeFileSync(join(root, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const experiment = {
    name: "live: é #1",
    backbone: "tiny-t5",
    task: { kind: "file", train: "rows.jsonl", source: "text: {text}", target: "{label}" },
    method: { kind: "adept", promptLength: 4, bottleneck: 4 },
    training: {
      steps,
      batchSize: 4,
      evaluateEvery: every,
      checkpointEvery: every,
      maxSourceLength: 32,
      validationLimit: 4,
      testLimit: 4,
    },
    engine: { device: "cpu", replicas: 1 },
  };
  writeFileSync(join(root, "live.adept.json"), JSON.stringify(experiment));
  const adept = (...args: string[]): string =>
    execFileSync(process.execPath, [CLI, ...args], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return {
    root,
    adept,
    start: (...args) => {
      spawn(process.execPath, [CLI, ...args], { cwd: root, stdio: "ignore" });
    },
    train: (...args) => {
      const id = adept("train", "live.adept.json", "--no-git", "--detach", ...args).trim();
      return RunDirectory.open(join(root, ".adept/runs", id));
    },
    remove: () => {
      for (const { run, record } of readRuns(join(root, ".adept/runs"), () => undefined))
        if (run.isWorkerAlive() && record.pid !== undefined) process.kill(record.pid, "SIGKILL");
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Waits until something is so. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = performance.now() + LONGEST;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await pause(200);
  }
}

/** Waits until a run has made a step. */
export const untilStep = (run: RunDirectory, step: number): Promise<number> =>
  until(`step ${step}`, () => {
    const last = run.record().lastStep?.step ?? 0;
    if (!isLive(run.record().status) && run.record().start > 0)
      throw new Error(`the run ended at step ${last}: ${JSON.stringify(run.record().error)}`);
    return last >= step ? last : undefined;
  });

/** Waits until a run's worker is gone. */
export const untilGone = (run: RunDirectory): Promise<true> =>
  until("the worker's end", () => {
    const { pid, start, status } = run.record();
    const isThere = pid !== undefined && spawnSync("kill", ["-0", String(pid)]).status === 0;
    return start > 0 && !isLive(status) && !isThere ? true : undefined;
  });

/** A run as its journal has it. */
export const journalled = (run: RunDirectory): TrackedRun =>
  trackedRun({
    id: run.id,
    experiment: run.experiment(),
    record: run.record(),
    events: readJournal(run.path).events,
  });
