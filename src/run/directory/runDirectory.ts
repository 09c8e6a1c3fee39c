import { closeSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { ResolvedExperiment, type Experiment } from "../../experiment/experiment.ts";
import { newerError } from "../../base/newerVersion.ts";
import type { ClusterJob } from "../../record/clusterJob.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { explainWrite, makeFolder, syncFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { readRecord } from "../journal/readJournal.ts";
import { runLeasePath } from "../journal/sharedJournal.ts";
import {
  dropLease,
  holderOf,
  isHeld,
  isLost,
  isOwnLease,
  leaseOfEarlierStart,
  leaseOfJob,
  localHolderOf,
  takeLease,
} from "../lease/lease.ts";
import type { LeaseTerms } from "../lease/leaseContent.ts";
import { openRunFile, refuseLinkedFolders, writeRunFile } from "../files/runFile.ts";
import { placesPath, placesText, type TrackerPlaces } from "../files/trackerPlaces.ts";

/** The largest accepted experiment.json of a run, in bytes. */
const MOST_BYTES = 2_000_000;

/** Creates the folder of runs. If its parent is named .adept, git is told to ignore that. */
export function makeRunsFolder(runsDir: string): void {
  const parent = dirname(runsDir);
  const ignore = join(parent, ".gitignore");
  makeFolder(runsDir);
  // A power failure can leave an empty .gitignore, which would let all runs into the user's commits: writeFileAtomic
  // avoids that.
  if (basename(parent) === ".adept" && !existsSync(ignore)) writeFileAtomic(ignore, "*\n");
}

/**
 * The files by which a person asks the worker and the analysis of a run to stop. They are always there and are read: on
 * a network file system it can take half a minute until a new file is seen, and the content of an old one is seen at
 * once. Runs of older versions have them only while a stop is asked for.
 */
const CONTROLS = ["control", "analysis.control"] as const;
const STOP = "stop";

/** Whether a file asks for a stop. One that is missing, or cannot be read at the moment, asks for nothing. */
function asksForStop(path: string): boolean {
  try {
    return boundedText(path, MOST_BYTES).trim() === STOP;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

const textOf = (experiment: Experiment): string => `${JSON.stringify(experiment, null, 2)}\n`;

/** The folder of one run: everything that the extension, the worker and the command line share about it. */
export class RunDirectory {
  private constructor(readonly path: string) {}

  /** The run's id: the name of its folder. */
  get id(): string {
    return basename(this.path);
  }
  /** The file with the last checkpoint of the training state. */
  get checkpointPath(): string {
    return join(this.path, "checkpoint", "state.safetensors");
  }
  /** The folder of the trained adapter. */
  get adapterPath(): string {
    return join(this.path, "adapter");
  }
  /** The file with the worker's standard output and error stream. */
  get logPath(): string {
    return join(this.path, "log.txt");
  }
  /** The file of the journal. */
  get eventsPath(): string {
    return join(this.path, "events.jsonl");
  }
  /** Whether the run has a journal: not if its folder was moved or deleted. */
  hasJournal(): boolean {
    return existsSync(this.eventsPath);
  }
  private get controlPath(): string {
    return join(this.path, "control");
  }
  private get leasePath(): string {
    return runLeasePath(this.path);
  }

  /**
   * Creates the folder of a new run with its experiment. Leaves nothing behind if it fails.
   * @param trackers where the run is kept while it trains
   * @throws UserError when the folder exists, the disk is full or the folder cannot be written
   */
  static create(runsDir: string, id: string, experiment: Experiment, trackers: TrackerPlaces = {}): RunDirectory {
    const path = join(runsDir, id);
    try {
      makeRunsFolder(runsDir);
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST")
        throw new UserError("run-exists", phrase`There is a run ${id} already`, phrase`Try again.`);
      throw explainWrite(error, runsDir);
    }
    try {
      mkdirSync(join(path, "checkpoint"));
      for (const name of CONTROLS) writeRunFile(join(path, name), "");
      if (Object.keys(trackers).length > 0) writeFileAtomic(placesPath(path), placesText(trackers));
      writeFileAtomic(join(path, "experiment.json"), textOf(experiment));
      syncFolder(runsDir);
    } catch (error) {
      rmSync(path, { recursive: true, force: true });
      throw explainWrite(error, path);
    }
    return new RunDirectory(path);
  }

  /**
   * Opens the run in a folder.
   * @throws UserError when the folder has no experiment.json
   */
  static open(path: string): RunDirectory {
    const run = RunDirectory.find(path);
    if (run === undefined)
      throw new UserError("folder-not-a-run", phrase`${path} is not a run: it has no experiment.json`);
    return run;
  }

  /**
   * Call it before a worker writes into the folder.
   * @throws UserError when the folder, or one of its sub-folders, is a symbolic link
   */
  refuseLinks(): void {
    refuseLinkedFolders([
      this.path,
      ...["checkpoint", "adapter", "analysis", "inbox"].map((name) => join(this.path, name)),
    ]);
  }

  /** Returns the run in a folder, or undefined if the folder has no experiment.json. */
  static find(path: string): RunDirectory | undefined {
    const run = RunDirectory.at(path);
    return run.isThere() ? run : undefined;
  }

  /** Returns what would be the run of a folder; `isThere` says whether it is one. */
  static at(path: string): RunDirectory {
    return new RunDirectory(path);
  }

  /** Whether the folder has an experiment.json, and so is a run. */
  isThere(): boolean {
    return existsSync(join(this.path, "experiment.json"));
  }

  /**
   * Stores what is decided or changed after the run was made: the chosen engine, or what a cluster's job asks for.
   * @returns the changed experiment
   */
  change(part: Pick<Experiment, "engine"> | Pick<Experiment, "executor">): Experiment {
    const experiment = { ...this.experiment(), ...part };
    writeFileAtomic(join(this.path, "experiment.json"), textOf(experiment));
    return experiment;
  }

  /**
   * Reads the resolved experiment.
   * @throws UserError when the file is damaged, or was written by a newer version
   */
  experiment(): Experiment {
    const path = join(this.path, "experiment.json");
    try {
      return ResolvedExperiment.parse(JSON.parse(boundedText(path, MOST_BYTES)));
    } catch (error) {
      this.refuseNewerVersion();
      throw new UserError(
        "run-experiment-damaged",
        phrase`${path} is damaged: ${(error as Error).message}`,
        phrase`Take it from the run's commit (adept-results/), or train the experiment again.`,
      );
    }
  }

  /** Returns the error that reading the experiment throws, or undefined if it can be read. */
  experimentError(): UserError | undefined {
    try {
      this.experiment();
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  }

  /** The lease of the process that analyses the run. */
  get analysisLeasePath(): string {
    return join(this.path, "analysis.lease");
  }
  private get analysisControlPath(): string {
    return join(this.path, "analysis.control");
  }
  /** Asks the process that analyses the run to stop. */
  requestAnalysisStop(): void {
    writeRunFile(this.analysisControlPath, STOP);
  }
  /** Whether the analysing process is asked to stop. */
  analysisStopRequested(): boolean {
    return asksForStop(this.analysisControlPath);
  }
  /** Withdraws the request to stop the analysis. */
  clearAnalysisControl(): void {
    writeRunFile(this.analysisControlPath, "");
  }
  /** Whether a living process analyses the run. */
  isBeingAnalysed(): boolean {
    return isHeld(this.analysisLeasePath);
  }

  /**
   * Reads the run's record from its journal.
   * @throws UserError when the journal cannot be read
   */
  record(): RunRecord {
    return readRecord(this.path).record;
  }
  /**
   * Call it before writing to the run.
   * @throws UserError when a newer version has written to the run, so that this one must not
   */
  refuseNewerVersion(): void {
    const { newer } = this.record();
    if (newer !== undefined) throw newerError(this.id, newer);
  }
  /**
   * Call it before the worker writes.
   * @param start the number of its start
   * @throws UserError when the folder was moved or deleted, so that nobody would find what is written there, or when
   * another worker has taken over the run
   */
  refuseIfGoneOrTaken(start: number): void {
    if (!existsSync(join(this.path, "experiment.json")))
      throw new UserError(
        "run-folder-gone",
        phrase`The run's folder ${this.path} is gone: it was moved or deleted while the run was at work`,
        phrase`Resume the run where it is now.`,
      );
    if (this.isTakenOver(start)) throw this.busyError();
  }
  /**
   * Asks the worker to stop.
   * @throws UserError when the folder cannot be written
   */
  requestStop(): void {
    writeRunFile(this.controlPath, STOP);
  }
  /** Whether the worker is asked to stop. */
  stopRequested(): boolean {
    return asksForStop(this.controlPath);
  }
  /** Makes the files by which a stop is asked for, if an older version has made the run. Requests stand. */
  keepControls(): void {
    for (const name of CONTROLS) closeSync(openRunFile(join(this.path, name), "append"));
  }
  /** Withdraws the request to stop. */
  clearControl(): void {
    writeRunFile(this.controlPath, "");
  }
  /**
   * Takes the lease of the run for a process. Returns false if another living process has it.
   * @param terms the start that a worker takes it for
   */
  acquireLease(pid: number, terms?: LeaseTerms): boolean {
    return takeLease(this.leasePath, pid, terms);
  }
  /** The content of the run's lease, if an earlier start of a cluster's job holds it. */
  leaseOfEarlierStart(job: ClusterJob, isWholeJob = false): string | undefined {
    return leaseOfEarlierStart(this.leasePath, job, isWholeJob);
  }
  /** The content of the run's lease, if a cluster's job of this id holds it. */
  leaseOfJob(id: string): string | undefined {
    return leaseOfJob(this.leasePath, id);
  }
  /** Whether this process holds the run's lease. */
  ownsLease(): boolean {
    return isOwnLease(this.leasePath);
  }
  /** Gives the lease back, if this process has it. */
  releaseLease(): void {
    dropLease(this.leasePath);
  }
  /** The id of the process on this machine that holds the run's lease. */
  get workerPid(): number | undefined {
    return localHolderOf(this.leasePath);
  }
  /** Whether a living process, on this machine or another that shares the folder, holds the run's lease. */
  isWorkerAlive(): boolean {
    return isHeld(this.leasePath);
  }
  /** Returns the error that says which worker holds the run's lease. */
  busyError(): UserError {
    const holder = holderOf(this.leasePath);
    return holder !== undefined && "host" in holder
      ? new UserError(
          "run-busy-elsewhere",
          phrase`A worker on ${holder.host} is training run ${this.id}`,
          phrase`Wait for it, or stop it first. If that machine is off, the run is free ten minutes after its last sign.`,
        )
      : new UserError(
          "run-busy",
          phrase`Another worker is training run ${this.id}`,
          phrase`Wait for it, or stop it first.`,
        );
  }
  /**
   * Whether another process has taken the lease from the worker of a start, for instance because this machine slept for
   * long. A lease that is gone, since the other has ended or somebody removed the file, is taken again, unless the
   * journal has a later start or says that this one has ended.
   */
  isTakenOver(start: number): boolean {
    if (isOwnLease(this.leasePath)) return false;
    if (holderOf(this.leasePath) !== undefined) return true;
    if (!this.hasJournal()) return false;
    if (!takeLease(this.leasePath, process.pid, { start, job: this.record().job })) return true;
    const { start: last, status } = this.record();
    if (last === start && isLive(status)) return false;
    dropLease(this.leasePath);
    return true;
  }
  /** Whether the last worker died without giving the lease back. */
  hasLostWorker(): boolean {
    return isLost(this.leasePath);
  }
}
