import { existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { ResolvedExperiment, type Experiment } from "../../experiment/experiment.ts";
import { newerError } from "../../base/newerVersion.ts";
import type { RunRecord } from "../../record/record.ts";
import { explainWrite, makeFolder, syncFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { readRecord } from "../journal/readJournal.ts";
import { dropLease, holderOf, isHeld, isOwnLease, leaseHolder, takeLease } from "../lease/lease.ts";
import { refuseLinkedFolders, writeRunFile } from "../files/runFile.ts";

/** Bytes of a run's experiment.json. */
const MOST_BYTES = 2_000_000;

/** Makes the folder of runs; a folder named .adept above it is kept out of git. */
export function makeRunsFolder(runsDir: string): void {
  const parent = dirname(runsDir);
  const ignore = join(parent, ".gitignore");
  makeFolder(runsDir);
  // One that a power cut has emptied would let all runs into the user's commits.
  if (basename(parent) === ".adept" && !existsSync(ignore)) writeFileAtomic(ignore, "*\n");
}

const textOf = (experiment: Experiment): string => `${JSON.stringify(experiment, null, 2)}\n`;

/** One run's folder: all that host, worker and terminal share. */
export class RunDirectory {
  private constructor(readonly path: string) {}

  get id(): string {
    return basename(this.path);
  }
  get checkpointPath(): string {
    return join(this.path, "checkpoint", "state.safetensors");
  }
  get adapterPath(): string {
    return join(this.path, "adapter");
  }
  get logPath(): string {
    return join(this.path, "log.txt");
  }
  get eventsPath(): string {
    return join(this.path, "events.jsonl");
  }
  private get controlPath(): string {
    return join(this.path, "control");
  }
  private get leasePath(): string {
    return join(this.path, "lease");
  }

  /**
   * Makes the folder of a new run.
   * @throws UserError when it is there already, the disk is full or the folder may not be written; nothing is left then
   */
  static create(runsDir: string, id: string, experiment: Experiment): RunDirectory {
    const path = join(runsDir, id);
    try {
      makeRunsFolder(runsDir);
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST")
        throw new UserError(`There is a run ${id} already`, "Try again.");
      throw explainWrite(error, runsDir);
    }
    try {
      mkdirSync(join(path, "checkpoint"));
      writeFileAtomic(join(path, "experiment.json"), textOf(experiment));
      syncFolder(runsDir);
    } catch (error) {
      rmSync(path, { recursive: true, force: true });
      throw explainWrite(error, path);
    }
    return new RunDirectory(path);
  }

  /** @throws UserError when the folder is no run */
  static open(path: string): RunDirectory {
    const run = RunDirectory.find(path);
    if (run === undefined) throw new UserError(`${path} is not a run: it has no experiment.json`);
    return run;
  }

  /** Before a worker writes into it. @throws UserError where it, or a folder of it, is a link */
  refuseLinks(): void {
    refuseLinkedFolders([this.path, ...["checkpoint", "adapter", "analysis"].map((name) => join(this.path, name))]);
  }

  /** The run in a folder, if it is one. */
  static find(path: string): RunDirectory | undefined {
    return existsSync(join(path, "experiment.json")) ? new RunDirectory(path) : undefined;
  }

  /** Writes the engine that was chosen into the experiment. @returns the experiment with it */
  setEngine(engine: Experiment["engine"]): Experiment {
    const experiment = { ...this.experiment(), engine };
    writeFileAtomic(join(this.path, "experiment.json"), textOf(experiment));
    return experiment;
  }

  /** The fully resolved experiment. @throws UserError when the file is damaged */
  experiment(): Experiment {
    const path = join(this.path, "experiment.json");
    try {
      return ResolvedExperiment.parse(JSON.parse(boundedText(path, MOST_BYTES)));
    } catch (error) {
      this.refuseNewerVersion();
      throw new UserError(
        `${path} is damaged: ${(error as Error).message}`,
        "Take it from the run's commit (adept-results/), or train the experiment again.",
      );
    }
  }

  /** What is wrong with its experiment, if anything. */
  experimentError(): UserError | undefined {
    try {
      this.experiment();
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  }

  get analysisLeasePath(): string {
    return join(this.path, "analysis.lease");
  }
  private get analysisControlPath(): string {
    return join(this.path, "analysis.control");
  }
  /** Asks whoever analyses this run to stop. */
  requestAnalysisStop(): void {
    writeRunFile(this.analysisControlPath, "stop");
  }
  analysisStopRequested(): boolean {
    return existsSync(this.analysisControlPath);
  }
  clearAnalysisControl(): void {
    rmSync(this.analysisControlPath, { force: true });
  }
  isBeingAnalysed(): boolean {
    return isHeld(this.analysisLeasePath);
  }

  record(): RunRecord {
    return readRecord(this.path).record;
  }
  /** @throws UserError where a newer version has written the run: it is not written to then */
  refuseNewerVersion(): void {
    const { newer } = this.record();
    if (newer !== undefined) throw newerError(this.id, newer);
  }
  /**
   * Before its worker writes.
   * @throws UserError where the folder is no longer there, so that nobody would look into what is written, or where
   * another worker has the run by now
   */
  refuseIfGoneOrTaken(): void {
    if (!existsSync(join(this.path, "experiment.json")))
      throw new UserError(
        `The run's folder ${this.path} is gone: it was moved or deleted while the run was at work`,
        "Resume the run where it is now.",
      );
    if (this.isTakenOver()) throw this.busyError();
  }
  /** @throws UserError when the folder may not be written */
  requestStop(): void {
    writeRunFile(this.controlPath, "stop");
  }
  stopRequested(): boolean {
    return existsSync(this.controlPath);
  }
  clearControl(): void {
    rmSync(this.controlPath, { force: true });
  }
  /** False when another living process works on this run. */
  acquireLease(pid: number): boolean {
    return takeLease(this.leasePath, pid);
  }
  releaseLease(): void {
    dropLease(this.leasePath);
  }
  /** The process of this machine that works on this run. */
  get workerPid(): number | undefined {
    return leaseHolder(this.leasePath);
  }
  /** Whether a process works on this run, here or on another machine that shares its folder. */
  isWorkerAlive(): boolean {
    return isHeld(this.leasePath);
  }
  /** Who works on this run already, as an error. */
  busyError(): UserError {
    const holder = holderOf(this.leasePath);
    return holder !== undefined && "host" in holder
      ? new UserError(
          `A worker on ${holder.host} is training run ${this.id}`,
          "Wait for it, or stop it first. If that machine is off, the run is free ten minutes after its last sign.",
        )
      : new UserError(`Another worker is training run ${this.id}`, "Wait for it, or stop it first.");
  }
  /** Whether another process has taken the run over from this one, whose machine slept for long. */
  isTakenOver(): boolean {
    return !isOwnLease(this.leasePath) && isHeld(this.leasePath);
  }
  /** A worker held the lease and is gone without giving it back. */
  hasLostWorker(): boolean {
    return existsSync(this.leasePath) && !this.isWorkerAlive();
  }
}
