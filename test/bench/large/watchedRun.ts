import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJournal } from "../../../src/run/journal/readJournal.ts";

const CLI = join(import.meta.dirname, "../../../dist/cli.js");
/** Milliseconds between two looks at a process's memory. */
const POLL = 100;
/** Of how many looks one also adds up the pages that the process shares, which takes longer. */
const SHARED_EVERY = 10;

/** The most memory that a worker had, in bytes. */
export interface WorkerPeak {
  /** Anonymous pages: everything but mapped files. */
  anonymous: number;
  /** Anonymous pages and those of mapped files, each page once, however often it is mapped. */
  all: number;
}

function field(pid: number, file: string, name: string): number {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/${file}`, "utf8"));
    return 1024 * Number(found?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The run's folder below a workspace; undefined before there is one. */
export function runPath(workspace: string): string | undefined {
  try {
    const [id] = readdirSync(join(workspace, ".adept/runs"));
    return id === undefined ? undefined : join(workspace, ".adept/runs", id);
  } catch {
    return undefined;
  }
}

/** Losses of steps in the order in which they were made; a resumed run makes some a second time. */
export const lossesOf = (path: string): { step: number; loss: number; time: number }[] =>
  readJournal(path).events.flatMap((e) =>
    e.type === "step" ? [{ step: e.step, loss: e.loss, time: new Date(e.time).getTime() }] : [],
  );

const workerOf = (path: string): number | undefined => {
  const last = readJournal(path).events.findLast((e) => e.type === "status" && e.pid !== undefined);
  return last?.type === "status" ? last.pid : undefined;
};

/**
 * Starts `adept ARGS` in a workspace and looks at the worker's memory until it ends.
 * @param killAt the step after which the worker is killed; undefined: it is not
 */
export async function watched(
  workspace: string,
  args: readonly string[],
  { cache, killAt, log }: { cache: string; killAt?: number; log: string },
): Promise<WorkerPeak> {
  const peak: WorkerPeak = { anonymous: 0, all: 0 };
  const out = openSync(log, "a");
  const before = new Set(runPath(workspace) === undefined ? [] : [workerOf(runPath(workspace)!)]);
  const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
    cwd: workspace,
    stdio: ["ignore", out, out],
    env: { ...process.env, ADEPT_CACHE: cache, ADEPT_DEVICES: "cpu" },
  });
  let ended = false;
  child.once("exit", () => (ended = true));
  let steps = 0;
  for (let look = 0; !ended; look++) {
    await new Promise((resolve) => setTimeout(resolve, POLL));
    const path = runPath(workspace);
    if (path === undefined) continue;
    if (look % SHARED_EVERY === 0) steps = Math.max(0, ...lossesOf(path).map(({ step }) => step));
    const pid = workerOf(path);
    if (pid === undefined || before.has(pid)) continue;
    peak.anonymous = Math.max(peak.anonymous, field(pid, "status", "RssAnon"));
    if (look % SHARED_EVERY === 0) peak.all = Math.max(peak.all, field(pid, "smaps_rollup", "Pss"));
    if (killAt === undefined || steps < killAt) continue;
    process.kill(pid, "SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  }
  closeSync(out);
  return peak;
}
