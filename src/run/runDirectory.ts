import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bytesText } from "../experiment/bytesText.ts";
import { UserError } from "../experiment/errors.ts";
import { ResolvedExperiment, type Experiment } from "../experiment/experiment.ts";
import { RunId } from "../experiment/objectNames.ts";
import { isLive, type RunRecord } from "../experiment/record.ts";
import { explainFull, writeFileAtomic } from "./atomicFile.ts";
import { Journal, readRecord } from "./journal.ts";
import { dropLease, leaseHolder, takeLease } from "./lease.ts";
import { oomKills } from "./oomKills.ts";

export const isRunId = (id: string): boolean => RunId.safeParse(id).success;
/** A worker needs this long (ms) to start and take its lease. */
const START_GRACE = 15_000;

/** YYYYMMDD-HHMMSS-xxxx in local time. @param random uniform on [0, 1) */
export function newRunId(now: Date, random: () => number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const suffix = Array.from({ length: 4 }, () => Math.floor(random() * 36).toString(36)).join("");
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}-${suffix}`;
}

/** Makes the folder of runs; a folder named .adept above it is kept out of git. */
export function makeRunsFolder(runsDir: string): void {
  mkdirSync(runsDir, { recursive: true });
  const parent = dirname(runsDir), ignore = join(parent, ".gitignore");
  if (basename(parent) === ".adept" && !existsSync(ignore)) writeFileSync(ignore, "*\n");
}
const textOf = (experiment: Experiment): string => `${JSON.stringify(experiment, null, 2)}\n`;

/** One run's folder: all that host, worker and terminal share. */
export class RunDirectory {
  private constructor(readonly path: string) {}

  get id(): string { return basename(this.path); }
  get checkpointPath(): string { return join(this.path, "checkpoint", "state.safetensors"); }
  get adapterPath(): string { return join(this.path, "adapter"); }
  get logPath(): string { return join(this.path, "log.txt"); }
  get eventsPath(): string { return join(this.path, "events.jsonl"); }
  private get controlPath(): string { return join(this.path, "control"); }
  private get leasePath(): string { return join(this.path, "lease"); }

  /** Makes the folder of a new run. */
  static create(runsDir: string, id: string, experiment: Experiment): RunDirectory {
    const path = join(runsDir, id);
    try {
      makeRunsFolder(runsDir);
      mkdirSync(join(path, "checkpoint"), { recursive: true });
      writeFileAtomic(join(path, "experiment.json"), textOf(experiment));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EACCES" || code === "EROFS") throw new UserError(`${runsDir} cannot be written`, "Choose another folder with --runs-dir, or change its permissions.");
      throw explainFull(error, path);
    }
    return new RunDirectory(path);
  }

  /** @throws UserError when the folder is no run */
  static open(path: string): RunDirectory {
    if (!existsSync(join(path, "experiment.json"))) throw new UserError(`${path} is not a run: it has no experiment.json`);
    return new RunDirectory(path);
  }

  /** Writes the engine that was chosen into the experiment. @returns the experiment with it */
  settle(engine: Experiment["engine"]): Experiment {
    const experiment = { ...this.experiment(), engine };
    writeFileAtomic(join(this.path, "experiment.json"), textOf(experiment));
    return experiment;
  }

  /** The fully resolved experiment. @throws UserError when the file is damaged */
  experiment(): Experiment {
    const path = join(this.path, "experiment.json");
    try { return ResolvedExperiment.parse(JSON.parse(readFileSync(path, "utf8"))); } catch (error) { throw new UserError(`${path} is damaged: ${(error as Error).message}`); }
  }

  get analysisLeasePath(): string { return join(this.path, "analysis.lease"); }
  private get analysisControlPath(): string { return join(this.path, "analysis.control"); }
  /** Asks whoever analyses this run to stop. */
  requestAnalysisStop(): void { writeFileSync(this.analysisControlPath, "stop"); }
  analysisStopRequested(): boolean { return existsSync(this.analysisControlPath); }
  clearAnalysisControl(): void { rmSync(this.analysisControlPath, { force: true }); }
  isBeingAnalysed(): boolean { return leaseHolder(this.analysisLeasePath) !== undefined; }

  record(): RunRecord { return readRecord(this.path).record; }
  requestStop(): void { writeFileSync(this.controlPath, "stop"); }
  stopRequested(): boolean { return existsSync(this.controlPath); }
  clearControl(): void { rmSync(this.controlPath, { force: true }); }
  /** False when another living process works on this run. */
  acquireLease(pid: number): boolean { return takeLease(this.leasePath, pid); }
  releaseLease(): void { dropLease(this.leasePath); }
  isWorkerAlive(): boolean { return leaseHolder(this.leasePath) !== undefined; }
  /** A worker held the lease and is gone without giving it back. */
  hasLostWorker(): boolean { return existsSync(this.leasePath) && !this.isWorkerAlive(); }
}

/** Every run in a folder, newest first. */
export function listRuns(runsDir: string): RunDirectory[] {
  if (!existsSync(runsDir)) return [];
  const names = readdirSync(runsDir).filter((name) => isRunId(name) && existsSync(join(runsDir, name, "experiment.json")));
  return names.sort().reverse().map((name) => RunDirectory.open(join(runsDir, name)));
}

/** A run by its id, the start of it, or "latest". @throws UserError when none or several fit */
export function findRun(runsDir: string, wanted: string): RunDirectory {
  const runs = listRuns(runsDir);
  const fitting = wanted === "latest" ? runs.slice(0, 1) : runs.filter((run) => run.id === wanted || run.id.startsWith(wanted) || run.id.endsWith(`-${wanted}`));
  const [first] = fitting;
  if (first !== undefined && (fitting.length === 1 || first.id === wanted)) return first;
  const named = (fitting.length > 0 ? fitting : runs).slice(0, 5).map((run) => run.id).join(", ");
  throw new UserError(fitting.length > 0 ? `"${wanted}" fits several runs: ${named}` : `No run "${wanted}" in ${runsDir}`, named === "" ? "Train one first." : `Runs there: ${named}`);
}

/** Why a worker is gone that said nothing, as far as that can be told: the system has ended a process for want of memory since the run looked at it. @param kills how many it has ended so by now */
export function endedBy({ memory }: Pick<RunRecord, "memory">, kills: number | undefined): string {
  const starved = memory?.oomKills !== undefined && kills !== undefined && kills > memory.oomKills, less = memory?.less ?? "a shorter training.maxSourceLength or a smaller backbone needs less";
  const message = starved ? `The system ended the worker for want of memory: it needed about ${bytesText(memory.needed)}, and ${bytesText(memory.available)} were free when it began. Free some and resume, or train anew: ${less}.` : "The worker ended without a word; resume goes on from the last checkpoint.";
  return message;
}

/** Says in a run's journal that its worker is gone. */
export function markInterrupted(run: RunDirectory): void {
  const journal = new Journal(run.path);
  try { journal.append({ type: "status", status: "interrupted", message: endedBy(run.record(), oomKills()) }); } finally { journal.close(); }
}

/** Marks a run as interrupted if its worker died without a word. @param record what its journal says @returns whether it did */
export function adoptRun(run: RunDirectory, record: RunRecord, now = Date.now()): boolean {
  if (!isLive(record.status) || run.isWorkerAlive()) return false;
  if (!run.hasLostWorker() && now - Math.max(record.updatedAt, startedAt(run.id)) < START_GRACE) return false;
  markInterrupted(run);
  return true;
}

/** Marks runs whose worker died without a word as interrupted. @returns their ids */
export function adoptRuns(runsDir: string, now = Date.now()): string[] {
  return listRuns(runsDir).filter((run) => adoptRun(run, run.record(), now)).map((run) => run.id);
}

function startedAt(id: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  return new Date(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)).getTime();
}
