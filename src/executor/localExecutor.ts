import { execFile, spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import * as z from "zod";
import type { AnalysisName } from "../experiment/analysisNames.ts";
import { UserError } from "../base/errors.ts";
import { Explanation } from "../protocol/explanation.ts";
import { Forecast } from "../protocol/setupQuestions.ts";
import { adoptRun } from "../run/interruption/interruptedRuns.ts";
import { openRunFile } from "../run/files/runFile.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";

/** `nodePath`: Node, or VS Code's Electron run as Node; `folder`: the workspace folder. */
export interface WorkerPlace {
  workerPath: string;
  nodePath: string;
  folder: string;
}

function start(
  run: RunDirectory,
  place: WorkerPlace,
  extra: string[],
  job: "train" | "analyse" = "train",
): ChildProcess {
  run.refuseLinks();
  const log = openRunFile(run.logPath, "append");
  try {
    const child = spawn(place.nodePath, [place.workerPath, job, run.path, "--folder", place.folder, ...extra], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: place.folder,
      windowsHide: true,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Starts the worker of a run that has its directory; it outlives this process. */
export const startTraining = (run: RunDirectory, place: WorkerPlace): ChildProcess => start(run, place, []);

/**
 * Starts a worker that goes on from the run's last checkpoint.
 * @throws UserError when one is at work on it, or a newer version has written to it
 */
export function resumeTraining(options: WorkerPlace & { runPath: string }): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.refuseNewerVersion();
  if (run.isWorkerAlive()) throw run.busyError();
  // The request that ended it before; one from now on counts, also before the worker looks.
  run.clearControl();
  return start(run, options, ["--resume"]);
}

/**
 * Starts a worker that makes analyses of a finished run, one after the other; it outlives this process. What is asked
 * of it from now on counts, an older request to stop does not.
 */
export function startAnalysis(
  options: WorkerPlace & { runPath: string; names: readonly AnalysisName[] },
): ChildProcess {
  const run = RunDirectory.open(options.runPath);
  run.refuseNewerVersion();
  run.clearAnalysisControl();
  return start(run, options, ["--only", options.names.join(",")], "analyse");
}

/** Tells a worker that nobody else wants its answer: it ends when this process does, however that ends. */
export const ENDS_WITH_US = ["--parent", String(process.pid)];

const Printed = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), action: z.string().optional() }).optional(),
});

/**
 * Runs a job that prints one JSON document in a process of its own.
 * @param input what it reads
 * @throws UserError with what the job says of its failure
 */
function printedByWorker(
  args: readonly string[],
  { workerPath, nodePath, folder }: WorkerPlace,
  signal: AbortSignal,
  input = "",
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { stdin } = execFile(
      nodePath,
      [workerPath, ...args, ...ENDS_WITH_US],
      { cwd: folder, maxBuffer: 1 << 28, signal, env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } },
      (failed, stdout, stderr) => {
        let json: unknown;
        try {
          json = JSON.parse(stdout);
        } catch {
          reject(failed ?? new Error(stderr));
          return;
        }
        const parsed = Printed.safeParse(json);
        if (parsed.success && parsed.data.error === undefined) resolve(parsed.data.result);
        else
          reject(
            parsed.data?.error === undefined
              ? new Error(`${failed?.message ?? ""}\n${stderr}`)
              : new UserError(parsed.data.error.message, parsed.data.error.action),
          );
      },
    );
    // One that ends before it has read all says why itself.
    stdin?.on("error", () => {
      /* see its end */
    });
    stdin?.end(input);
  });
}

/**
 * Compares runs in a process of its own.
 * @returns what it found: a RunComparison
 * @throws UserError with what the job says of its failure
 */
export const compareInWorker = (
  place: WorkerPlace,
  runPaths: readonly string[],
  signal: AbortSignal,
): Promise<unknown> => printedByWorker(["compare", ...runPaths], place, signal);

/** What an experiment will cost on this machine, by a few of its own steps. @throws UserError where it cannot be run */
export async function forecastInWorker(
  place: WorkerPlace,
  experimentPath: string,
  signal: AbortSignal,
): Promise<Forecast> {
  return Forecast.parse(await printedByWorker(["measure", experimentPath], place, signal));
}

/**
 * Predictions of a run on texts, with what each token's offset did. Texts go by its input: arguments have an end, know
 * no NUL, and are seen by all.
 * @throws UserError where the run has no result
 */
export async function explainInWorker(
  place: WorkerPlace,
  { runPath, texts }: { runPath: string; texts: readonly string[] },
  signal: AbortSignal,
): Promise<Explanation[]> {
  return z.array(Explanation).parse(await printedByWorker(["explain", runPath], place, signal, JSON.stringify(texts)));
}

/**
 * Writes a run's adapter, or its folded model, to a folder that is not there yet.
 * @throws UserError where it cannot be
 */
export async function exportInWorker(
  place: WorkerPlace,
  { runPath, out, folded }: { runPath: string; out: string; folded: boolean },
  signal: AbortSignal,
): Promise<void> {
  await printedByWorker(["export", runPath, "--out", out, ...(folded ? ["--folded"] : [])], place, signal);
}

const Told = z.object({
  progress: z.object({ file: z.string(), done: z.number(), total: z.number() }).optional(),
  error: Printed.shape.error,
});

/**
 * Downloads a model in a process of its own; what it has loaded stays when `signal` ends it, and the next time goes on
 * from there.
 * @throws UserError with what went wrong
 */
export function downloadInWorker(
  { workerPath, nodePath, folder }: WorkerPlace,
  { name, out }: { name: string; out: string },
  {
    signal,
    onProgress,
  }: { signal: AbortSignal; onProgress: (progress: NonNullable<z.output<typeof Told>["progress"]>) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    mkdirSync(folder, { recursive: true });
    const child = spawn(nodePath, [workerPath, "download", name, "--out", out, ...ENDS_WITH_US], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    let failed: Error | undefined;
    let stderr = "";
    signal.addEventListener(
      "abort",
      () => {
        child.kill("SIGTERM");
      },
      { once: true },
    );
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { progress, error } = Told.safeParse(JSON.parse(line)).data ?? {};
      if (progress !== undefined) onProgress(progress);
      if (error !== undefined) failed = new UserError(error.message, error.action);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(failed ?? new Error(`the download ended with ${code}: ${stderr.slice(-500)}`));
    });
  });
}

/** Sends a run's worker a signal, if it lives. */
export function signalWorker(run: RunDirectory, signal: NodeJS.Signals): void {
  // Not the journal's pid: that of a worker before may be somebody else's by now.
  const pid = run.workerPid;
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    /* it ended meanwhile */
  }
}

async function ended(run: RunDirectory, milliseconds: number): Promise<boolean> {
  // By a clock that nobody can put back.
  for (const until = performance.now() + milliseconds; run.isWorkerAlive();) {
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

/**
 * Asks the worker to stop at its next step; after `grace` ms SIGTERM, after as long again SIGKILL. One that was gone
 * already, or had to be killed, leaves an interrupted run.
 */
export async function stopRun(run: RunDirectory, grace = 10_000): Promise<void> {
  run.requestStop();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (await ended(run, grace)) break;
    signalWorker(run, signal);
  }
  if (await ended(run, grace)) adoptRun(run, run.record());
}
