import { existsSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { StabilityWatch } from "../../analysis/stability/stabilityWatch.ts";
import { isMemoryTrouble } from "../../engine/device/deviceTrouble.ts";
import { UserError } from "../../base/errors.ts";
import type { MethodKind } from "../../method/methodSpec.ts";
import { methodOf } from "../../method/registry.ts";
import { regularisationOf } from "../../method/regularisation.ts";
import { namedSizes } from "../../method/sizes.ts";
import type { NewRunEvent, RunStatus } from "../../record/events.ts";
import { saveAdapter } from "../../adapter/adapterFolder.ts";
import {
  explainWrite,
  isDiskFull,
  makeFolder,
  removeTemporaries,
  syncFile,
  writeFileAtomic,
} from "../../base/files/atomicFile.ts";
import { openGitStore, refOf } from "../../run/git/gitStore.ts";
import { announceRun, Journal } from "../../run/journal/journal.ts";
import { missingSteps, readJournal } from "../../run/journal/readJournal.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { failedForSpace } from "../../base/files/diskSpace.ts";
import { asidePath, loadCheckpoint, saveCheckpoint } from "../../training/checkpoint.ts";
import { evaluate } from "../../training/evaluation.ts";
import { initialState, trainLoop, type LoopState } from "../../training/loop.ts";
import type { Parameters } from "../../method/parameters.ts";
import { prepare, type Prepared } from "../../training/prepare.ts";
import { restoreCommittedFiles, removeReproductionTree, recordSources } from "./reproducedFiles.ts";
import { reproduction } from "./compareWithOriginal.ts";
import { GpuWatch } from "./gpuWatch.ts";
import { keepContents } from "./keepContents.ts";
import { precisionCost } from "./precisionCost.ts";
import { dropReserve, keepReserve } from "./reserve.ts";
import { settleDevice } from "./settleDevice.ts";
import { settleMemory } from "../device/settleMemory.ts";

export interface TrainOptions {
  /** folder whose git repository gets the commits */
  folder: string;
  resume: boolean;
  signal: AbortSignal;
  /** post-hoc ablations to test at the end; given by the worker, since analysis lies above training */
  ablate: (kind: MethodKind, parameters: Parameters) => { label: string; parameters: Parameters }[];
  /** the analyses that the experiment asks for; the paths of their results */
  analyse: (run: RunDirectory, stop: { requested: () => boolean }) => Promise<{ path: string; source: string }[]>;
}

interface Job {
  run: RunDirectory;
  options: TrainOptions;
  emit: (event: NewRunEvent) => void;
  /** makes what was emitted survive a power cut */
  sync: () => void;
  stopRequested: () => boolean;
  gpus: GpuWatch;
}
interface File {
  path: string;
  source: string;
}

const HEARTBEAT = 5000;

/**
 * Commits a snapshot or the result; what goes wrong is said in the journal and ends no run.
 * @throws UserError when the disk is full and nothing is trained yet
 */
async function commit(
  job: Job,
  kind: "snapshot" | "result",
  { status, files }: { status: RunStatus; files: File[] },
): Promise<void> {
  const { run, options, emit } = job;
  if (!run.experiment().git) return;
  try {
    const store = await openGitStore(options.folder);
    if ("reason" in store) {
      emit({ type: "git", kind: "skipped", message: store.reason });
      return;
    }
    if (kind === "snapshot") await keepContents(run, store, emit);
    const record = { ...run.record(), status };
    const original = run.experiment().reproduces?.commit;
    const known = kind === "snapshot" ? await store.commitOf(run.id) : undefined;
    // A worker that was ended before it could say so.
    if (known !== undefined) {
      emit({ type: "git", kind, commit: known, ref: refOf(run.id) });
      return;
    }
    const done =
      kind === "snapshot"
        ? await (original === undefined ? store.snapshot(run.id, record) : store.snapshotOf(run.id, record, original))
        : await store.result(run.id, record, files);
    emit({ type: "git", kind, commit: done.commit, ref: done.ref, message: done.note });
  } catch (error) {
    const { message } = error as Error;
    const isFull = failedForSpace(error as Error, options.folder);
    // Its code is kept now or never: a run that could not be written on anyway begins when there is space.
    if (isFull && kind === "snapshot") throw explainWrite({ code: "ENOSPC" }, `the commit of run ${run.id}`);
    emit({
      type: "git",
      kind: "skipped",
      message: isFull
        ? `The disk is full, so the run has no commit: free some space, and adept resume makes it. ${message}`
        : message,
    });
  }
}

function announce(prepared: Prepared, emit: Job["emit"]): void {
  const { experiment, sizes, train, validation, test, model, majority } = prepared;
  emit({
    type: "plan",
    trainable: sizes.count,
    sizes: namedSizes(experiment.method.kind, sizes),
    examples: { train: train.length, validation: validation.length, test: test.length },
    device: model.device,
    majority,
  });
}

function loop(job: Job, prepared: Prepared, start: LoopState): ReturnType<typeof trainLoop> {
  const { model, experiment, validation, decode } = prepared;
  const { method, training, seed } = experiment;
  const { hiddenDropout, offsetPenalty } = regularisationOf(method);
  const watch = new StabilityWatch(training.warmup);
  const warn = (messages: readonly string[]): void => {
    for (const message of messages) job.emit({ type: "warning", message });
  };
  let step = start.step;
  return trainLoop(start, {
    model,
    training,
    seed,
    metric: prepared.passRate ? "passAt1" : (prepared.scoring.metrics[0] ?? "accuracy"),
    examples: prepared.train,
    hidden: { units: model.hiddenUnits, dropout: hiddenDropout },
    offsetPenalty,
    evaluate: async (parameters) => {
      const result = await evaluate(model, parameters, validation, {
        maxTokens: training.maxTargetLength,
        decode,
        candidates: prepared.candidates,
        scoring: prepared.scoring,
        passRate: prepared.passRate,
        stopRequested: job.stopRequested,
      });
      if (methodOf(method.kind).offsets !== undefined)
        warn(
          watch.offsets(
            step,
            { spec: method, sizes: prepared.sizes, parameters },
            { table: model.embedding, width: model.layout.width },
          ),
        );
      return result && { ...result, examples: validation.length };
    },
    save: (state) => {
      job.run.refuseIfGoneOrTaken();
      job.sync();
      saveCheckpoint(job.run.checkpointPath, state);
    },
    emit: (event) => {
      job.emit(event);
      if (event.type !== "step") return;
      step = event.step;
      warn(watch.step(event));
    },
    stopRequested: job.stopRequested,
    now: () => performance.now(),
    memory: () => process.memoryUsage.rss(),
  });
}

/** Tests the best parameters, the untrained ones and the ablations; predictions of each go to analysis/. */
async function test(job: Job, prepared: Prepared, best: { step: number; parameters: Parameters }): Promise<File[]> {
  const { experiment, model, initial, decode } = prepared;
  const cases = [
    { label: "trained", parameters: best.parameters },
    { label: "untrained", parameters: initial },
    ...job.options.ablate(experiment.method.kind, best.parameters),
  ];
  const files: File[] = [];
  const folder = join(job.run.path, "analysis");
  makeFolder(folder);
  for (const { label, parameters } of prepared.test.length > 0 ? cases : []) {
    const started = performance.now();
    const result = await evaluate(model, parameters, prepared.test, {
      maxTokens: experiment.training.maxTargetLength,
      decode,
      candidates: prepared.candidates,
      scoring: prepared.scoring,
      passRate: prepared.passRate,
      stopRequested: job.stopRequested,
    });
    if (result === undefined) break;
    const { loss, metrics, predictions } = result;
    job.emit({
      type: "evaluation",
      step: best.step,
      split: "test",
      label,
      loss,
      metrics,
      examples: predictions.length,
      seconds: (performance.now() - started) / 1000,
    });
    const source = join(folder, `predictions-${label}.jsonl`);
    writeFileAtomic(source, predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join(""));
    files.push({ path: `analysis/predictions-${label}.jsonl`, source });
  }
  return files;
}

/** Saves the adapter and the commit; a stopped run keeps its best so far, untested. */
async function finish(job: Job, prepared: Prepared, end: { state: LoopState; stopped: boolean }): Promise<void> {
  const { sizes, model } = prepared;
  const { method, backbone } = job.run.experiment();
  const best = end.state.best ?? end.state;
  const { adapterPath } = job.run;
  const adapter = ["adapter_config.json", "adapter_model.safetensors"].map((name) => ({
    path: `adapter/${name}`,
    source: join(adapterPath, name),
  }));
  job.run.refuseIfGoneOrTaken();
  try {
    makeFolder(adapterPath);
    saveAdapter(
      adapterPath,
      { spec: method, sizes, parameters: best.parameters },
      { backbone, width: model.layout.width },
    );
    for (const { source } of adapter) syncFile(source);
  } catch (error) {
    throw explainWrite(error, adapterPath);
  }
  const files = [
    ...adapter,
    ...["experiment.json", "events.jsonl"].map((name) => ({ path: name, source: join(job.run.path, name) })),
  ];
  if (!end.stopped) {
    job.emit({ type: "status", status: "evaluating" });
    files.push(
      ...(await test(job, prepared, best)),
      ...(await job.options.analyse(job.run, { requested: job.stopRequested })),
    );
  }
  const stopped = end.stopped || job.stopRequested();
  const status = stopped ? "stopped" : "finished";
  if (!stopped) await endReproduction(job);
  await commit(job, "result", { status, files });
  job.emit({ type: "status", status });
}

/**
 * A run that repeats another says how it came out, and needs its work tree no longer; one that was stopped goes on from
 * it.
 */
async function endReproduction({ run, options, emit }: Job): Promise<void> {
  try {
    const event = await reproduction(run);
    if (event !== undefined) emit(event);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    emit({ type: "warning", message: error.message });
  }
  await removeReproductionTree(run, options.folder, emit);
}

/** A run whose backbone is held narrow says what that costs, once. */
async function comparePrecision({ run, emit, stopRequested }: Job, prepared: Prepared): Promise<void> {
  if (!prepared.experiment.precision.compare || run.record().precision.some(({ label }) => label === "untrained"))
    return;
  const cost = await precisionCost(prepared, prepared.initial, { label: "untrained", stopRequested });
  if (cost !== undefined) emit(cost);
}

/**
 * The state to go on from. A damaged checkpoint is set aside, and the run begins anew: its numbers will be the same.
 */
function stateOf({ run, options, emit }: Job, { initial }: Prepared): LoopState {
  const saved = options.resume ? loadCheckpoint(run.checkpointPath, initial) : undefined;
  if (saved === undefined) return initialState(initial);
  if (!("damage" in saved)) {
    const missing = missingSteps(readJournal(run.path).events, saved.step);
    if (missing > 0)
      emit({
        type: "warning",
        message: `The journal lacks ${missing} of the ${saved.step} steps that were made: their lines were damaged. What was learnt is in the checkpoint`,
      });
    return saved;
  }
  const aside = asidePath(run.checkpointPath);
  renameSync(run.checkpointPath, aside);
  emit({
    type: "warning",
    message: `The checkpoint was damaged (${saved.damage}): it is kept as ${aside}, and the run begins anew`,
  });
  return initialState(initial);
}

/** Whether no step was made yet: the code is still that which the run will be of. */
function isUntouched(run: RunDirectory): boolean {
  const { snapshotCommit, lastStep } = run.record();
  return snapshotCommit === undefined && lastStep === undefined;
}

async function train(job: Job): Promise<void> {
  const { run, options, emit } = job;
  emit({ type: "status", status: "preparing", pid: process.pid });
  recordSources(run, options.folder, emit);
  if (!options.resume || isUntouched(run)) await commit(job, "snapshot", { status: "preparing", files: [] });
  await restoreCommittedFiles(run, options.folder, emit);
  await settleDevice(run, job);
  const experiment = locatedExperiment(run);
  job.gpus.watch(experiment.engine.device);
  const prepared = await prepare(experiment);
  try {
    const memory = await settleMemory(prepared);
    if (memory !== undefined) emit({ type: "memory", ...memory });
    announce(prepared, emit);
    await comparePrecision(job, prepared);
    const start = stateOf(job, prepared);
    emit({ type: "status", status: "running", pid: process.pid });
    await finish(job, prepared, await loop(job, prepared, start));
  } finally {
    await prepared.model.release();
  }
}

/** What a run that is begun is not. */
const OVER: ReadonlySet<RunStatus> = new Set<RunStatus>(["finished", "stopped", "failed"]);

const LEASE_TRIES = 20;
const LEASE_WAIT = 100;

/** Takes the run's lease; whoever marks a run as interrupted holds it for a moment. */
async function takenLease(run: RunDirectory): Promise<boolean> {
  for (let attempt = 1; !run.acquireLease(process.pid); attempt++) {
    if (attempt === LEASE_TRIES) return false;
    await new Promise((resolve) => setTimeout(resolve, LEASE_WAIT));
  }
  return true;
}

/**
 * Says in the journal what ended the run. A run that wanted space goes on once there is some; one that has failed will
 * fail again.
 */
async function tellFailure(
  run: RunDirectory,
  journal: Journal,
  { folder, error }: { folder: string; error: unknown },
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const { less } = run.record().memory ?? {};
  dropReserve(run.path);
  journal.append({
    type: "error",
    message,
    action:
      less !== undefined && isMemoryTrouble(message)
        ? `${less}.`
        : error instanceof UserError
          ? error.action
          : undefined,
  });
  await removeReproductionTree(run, folder, (event) => {
    journal.append(event);
  });
  journal.append({ type: "status", status: isDiskFull(error) ? "interrupted" : "failed", message });
}

/** The job with its journal open. */
async function journaled(run: RunDirectory, options: TrainOptions): Promise<number> {
  const journal = new Journal(run.path);
  const gpus = new GpuWatch();
  let lost: Error | undefined;
  const emit = (event: NewRunEvent): void => {
    if (lost !== undefined) throw lost;
    journal.append(event);
  };
  // Thrown here it would end the process without a word: the next event tells it.
  const heartbeat = setInterval(() => {
    try {
      journal.append({ type: "heartbeat", pid: process.pid, gpus: gpus.read() });
    } catch (error) {
      lost ??= error as Error;
    }
  }, HEARTBEAT);
  try {
    keepReserve(run.path);
    for (const folder of [dirname(run.checkpointPath), run.adapterPath])
      if (existsSync(folder)) removeTemporaries(folder);
    if (run.record().id === "") announceRun(run.id, run.experiment(), journal);
    await train({
      run,
      options,
      emit,
      gpus,
      sync: () => {
        journal.sync();
      },
      stopRequested: () => options.signal.aborted || run.stopRequested(),
    });
    return 0;
  } catch (error) {
    // What goes wrong here is no word on a run that another has by now.
    if (!run.isTakenOver()) await tellFailure(run, journal, { folder: options.folder, error });
    if (!(error instanceof UserError)) throw error;
    return 1;
  } finally {
    clearInterval(heartbeat);
    dropReserve(run.path);
    journal.close();
  }
}

/**
 * Runs one training job in this process; everything it tells goes to the run's journal.
 * @returns exit code: 0 finished or stopped, 1 failed for a reason the user can act on
 * @throws anything unexpected, journaled first
 */
export async function runTraining(run: RunDirectory, options: TrainOptions): Promise<number> {
  if (!(await takenLease(run))) throw run.busyError();
  // A queue that was killed may have started a worker that its successor did not hear of: the second, which waited for
  // the lease, finds the run at its end.
  try {
    return !options.resume && OVER.has(run.record().status) ? 0 : await journaled(run, options);
  } finally {
    run.releaseLease();
  }
}
