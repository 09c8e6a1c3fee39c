import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { UserError, phraseOf } from "../../base/errors.ts";
import { isDiskFull, removeTemporaries } from "../../base/files/atomicFile.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import { isMemoryTrouble } from "../../engine/device/deviceTrouble.ts";
import { checkTargets, namedSizes } from "../../method/sizes.ts";
import type { NewRunEvent } from "../../record/events.ts";
import { nextStart } from "../../record/admittedStart.ts";
import { clusterJob, type ClusterJob } from "../../record/clusterJob.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { announceRun, Journal } from "../../run/journal/journal.ts";
import { deliverPosts } from "../../run/journal/sharedJournal.ts";
import { english, phrase, said } from "../../base/phrase.ts";
import { backboneLayout, type Prepared } from "../../training/prepare.ts";
import { settleMemory } from "../device/settleMemory.ts";
import { claimRun, OWN_CLOCK } from "./claimRun.ts";
import { commitRun } from "./commitRun.ts";
import { finishRun } from "./finishRun.ts";
import { refuseChangedInputs, refuseOtherInputs } from "./keepContents.ts";
import { GpuWatch } from "./gpuWatch.ts";
import { LEFT_CODE } from "./leftRun.ts";
import { liveTrackers, type LiveTrackers } from "./liveTrackers.ts";
import { precisionCost } from "./precisionCost.ts";
import { recordSources, removeReproductionTree, restoreCommittedFiles } from "./reproducedFiles.ts";
import { dropReserve, keepReserve } from "./reserve.ts";
import { runLoop, startState } from "./runLoop.ts";
import { watchedBy, watchedPreparation } from "./watchedPreparation.ts";
import { settleDevice } from "./settleDevice.ts";
import type { TrainJob, TrainOptions } from "./trainOptions.ts";

/** After so many ms in which nothing was written, a worker looks whether the run is still its own. */
const CHECK_MS = 1000;

/** The interval of heartbeats in the journal, in ms. */
const HEARTBEAT = 5000;

/** Whether the run has made no step, so that it will be of the code as it is now. */
function isUntouched(run: RunDirectory): boolean {
  const { snapshotCommit, lastStep } = run.record();
  return snapshotCommit === undefined && lastStep === undefined;
}

function announce(prepared: Prepared, emit: TrainJob["emit"]): void {
  const { experiment, sizes, train, validation, test, model, majority } = prepared;
  emit({
    type: "plan",
    trainable: sizes.count,
    sizes: namedSizes(experiment.method.kind, sizes),
    examples: { train: train.length, validation: validation.length, test: test.length },
    device: model.device,
    majority,
    isCausal: model.layout.isCausal,
  });
}

/** Reports, once in a run, what weights narrower than fp32 cost. */
async function comparePrecision({ run, emit, stopRequested }: TrainJob, prepared: Prepared): Promise<void> {
  if (!prepared.experiment.precision.compare || run.record().precision.some(({ label }) => label === "untrained"))
    return;
  const cost = await precisionCost(prepared, prepared.initial, { label: "untrained", stopRequested });
  if (cost !== undefined) emit(cost);
}

async function train(job: TrainJob): Promise<void> {
  const { run, options, emit } = job;
  emit({ type: "status", status: "preparing", pid: process.pid });
  if (options.placed !== undefined) emit(options.placed);
  recordSources(run, options.folder, emit);
  const inputs =
    !options.resume || isUntouched(run)
      ? await commitRun(job, "snapshot", { status: "preparing", files: [] })
      : undefined;
  if (inputs === undefined && run.experiment().reproduces === undefined) await refuseOtherInputs(run);
  await restoreCommittedFiles(run, options.folder, emit);
  await settleDevice(run, { emit, preparing: watchedBy(job) });
  const experiment = locatedExperiment(run);
  job.gpus.watch(experiment.engine);
  if (!options.resume && experiment.reproduces === undefined)
    checkTargets(experiment.method, backboneLayout(backboneFolder(experiment.backbone)));
  const prepared = await watchedPreparation(job, experiment);
  if (prepared === undefined) return;
  try {
    if (inputs !== undefined) await refuseChangedInputs(inputs);
    const memory = await settleMemory(prepared);
    if (memory !== undefined) emit({ type: "memory", ...memory });
    announce(prepared, emit);
    // A resumed run has said it before.
    for (const note of prepared.notes.map(said))
      if (!run.record().warnings.includes(note.message)) emit({ type: "warning", ...note });
    await comparePrecision(job, prepared);
    const start = startState(job, prepared);
    emit({ type: "status", status: "running", pid: process.pid });
    await finishRun(job, prepared, await runLoop(job, prepared, start));
  } finally {
    await prepared.model.release();
    await prepared.closeData();
  }
}

/**
 * Reports in the journal what ended the run. A run that lacked disk space is interrupted and may be resumed; any other
 * has failed, since it would fail again.
 */
async function reportFailure(
  run: RunDirectory,
  write: TrainJob["emit"],
  { folder, error }: { folder: string; error: unknown },
): Promise<void> {
  const { less, lessPhrase = less } = run.record().memory ?? {};
  dropReserve(run.path);
  const ofUser = error instanceof UserError ? error : undefined;
  const action = lessPhrase !== undefined && isMemoryTrouble(error) ? phrase`${lessPhrase}.` : ofUser?.actionPhrase;
  const message = said(phraseOf(error));
  write({
    type: "error",
    ...message,
    ...(ofUser !== undefined && { code: ofUser.code }),
    ...(action !== undefined && { action: english(action), actionPhrase: action }),
  });
  await removeReproductionTree(run, folder, write);
  write({ type: "status", status: isDiskFull(error) ? "interrupted" : "failed", ...message });
}

/** Returns how a start writes to the run's journal: each status says whose it is. */
function writerOf(journal: Journal, { start, job }: { start: number; job: ClusterJob | undefined }): TrainJob["emit"] {
  return (event) => {
    journal.append(event.type === "status" ? { ...event, start, job } : event);
  };
}

/** Makes a run's folder ready for a worker. */
function readyFolder(run: RunDirectory): void {
  keepReserve(run.path);
  run.keepControls();
  for (const folder of [dirname(run.checkpointPath), run.adapterPath])
    if (existsSync(folder)) removeTemporaries(folder);
}

/** Runs the job with its journal open, and a heartbeat in it. */
async function journaled(
  run: RunDirectory,
  options: TrainOptions,
  { start, job, trackers }: { start: number; job: ClusterJob | undefined; trackers: LiveTrackers },
): Promise<number> {
  const journal = new Journal(run.path);
  const write = writerOf(journal, { start, job });
  const gpus = new GpuWatch();
  let lost: Error | undefined;
  let checked = 0;
  const emit = (event: NewRunEvent): void => {
    if (lost !== undefined) throw lost;
    // A process that stood still for long may have been replaced: it finds out before it writes.
    if (performance.now() - checked > CHECK_MS) run.refuseIfGoneOrTaken(start);
    checked = performance.now();
    write(event);
  };
  const tellTroubles = (): void => {
    for (const trouble of trackers.takeTroubles()) journal.append({ type: "warning", ...said(trouble) });
  };
  // An error thrown in a timer would end the process without a report; the next event throws it instead.
  const heartbeat = setInterval(() => {
    try {
      run.refuseIfGoneOrTaken(start);
      journal.takeIn();
      journal.append({ type: "heartbeat", pid: process.pid, gpus: gpus.read() });
      tellTroubles();
    } catch (error) {
      lost ??= error as Error;
    }
  }, HEARTBEAT);
  try {
    readyFolder(run);
    if (run.record().id === "") announceRun(run.id, run.experiment(), journal);
    tellTroubles();
    await train({
      run,
      options,
      start,
      emit,
      gpus,
      sync: () => {
        journal.takeIn();
        journal.sync();
      },
      stopRequested: () => options.signal.aborted || run.stopRequested(),
      leaves: () => options.signal.aborted && !run.stopRequested(),
    });
    return options.signal.aborted && run.record().status === "interrupted" ? LEFT_CODE : 0;
  } catch (error) {
    // Another process may have taken the run over; then this error says nothing about it.
    if (!run.isTakenOver(start)) await reportFailure(run, write, { folder: options.folder, error });
    if (!(error instanceof UserError)) throw error;
    return 1;
  } finally {
    clearInterval(heartbeat);
    dropReserve(run.path);
    journal.close();
  }
}

/**
 * Runs one training job in this process; its events go to the run's journal.
 * @returns exit code: 0 finished, stopped, or another's; 143 left to be resumed; 1 failed for a reason that the user
 * can act on
 * @throws any unexpected error, after it is written to the journal
 */
export async function runTraining(run: RunDirectory, options: TrainOptions): Promise<number> {
  const { number = nextStart(run.record()), job = clusterJob(process.env), ...as } = options.request;
  const start = await claimRun(run, { number, job, ...as }, OWN_CLOCK, options.signal);
  if (start === undefined) return options.signal.aborted ? LEFT_CODE : 0;
  const trackers = liveTrackers(run);
  try {
    return await journaled(run, options, { start, job, trackers });
  } finally {
    run.releaseLease();
    deliverPosts(run.path);
    // The run is over for everybody else: only this process is still there.
    await trackers.end(options.signal.aborted);
  }
}
