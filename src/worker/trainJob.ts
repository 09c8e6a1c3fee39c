import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StabilityWatch } from "../analysis/stability.ts";
import { isMemoryTrouble } from "../engine/deviceTrouble.ts";
import { UserError } from "../experiment/errors.ts";
import type { MethodKind } from "../experiment/methodSpec.ts";
import type { NewRunEvent, RunStatus } from "../experiment/events.ts";
import { saveAdapter } from "../method/adapterFolder.ts";
import { writeFileAtomic } from "../run/atomicFile.ts";
import { openGitStore } from "../run/gitStore.ts";
import { announceRun, Journal } from "../run/journal.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { located } from "../run/sources.ts";
import { loadCheckpoint, saveCheckpoint } from "../training/checkpoint.ts";
import { evaluate } from "../training/evaluation.ts";
import { initialState, trainLoop, type LoopState } from "../training/loop.ts";
import type { Parameters } from "../training/model.ts";
import { prepare, type Prepared } from "../training/prepare.ts";
import { bringBack, putAway, tellSources } from "./broughtBack.ts";
import { reproduction } from "./compareWithOriginal.ts";
import { GpuWatch } from "./gpuWatch.ts";
import { settleDevice } from "./settleDevice.ts";
import { settleMemory } from "./settleMemory.ts";

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

interface Job { run: RunDirectory; options: TrainOptions; emit: (event: NewRunEvent) => void; stopRequested: () => boolean; gpus: GpuWatch }
interface File { path: string; source: string }

const HEARTBEAT = 5000;

/** Commits a snapshot or the result; whatever goes wrong is said in the journal and never ends the run. */
async function commit(job: Job, kind: "snapshot" | "result", { status, files }: { status: RunStatus; files: File[] }): Promise<void> {
  const { run, options, emit } = job;
  if (!run.experiment().git) return;
  try {
    const store = await openGitStore(options.folder);
    if ("reason" in store) { emit({ type: "git", kind: "skipped", message: store.reason }); return; }
    const record = { ...run.record(), status }, original = run.experiment().reproduces?.commit;
    const done = kind === "snapshot" ? await (original === undefined ? store.snapshot(run.id, record) : store.snapshotOf(run.id, record, original)) : await store.result(run.id, record, files);
    emit({ type: "git", kind, commit: done.commit, ref: done.ref, message: done.note });
  } catch (error) {
    emit({ type: "git", kind: "skipped", message: error instanceof Error ? error.message : String(error) });
  }
}

function announce(prepared: Prepared, emit: Job["emit"]): void {
  const { sizes, train, validation, test, model, majority } = prepared;
  emit({
    type: "plan", trainable: sizes.count, promptLength: sizes.promptLength, bottleneck: sizes.bottleneck,
    examples: { train: train.length, validation: validation.length, test: test.length }, device: model.device, majority,
  });
}

function loop(job: Job, prepared: Prepared, start: LoopState): ReturnType<typeof trainLoop> {
  const { model, experiment, validation, decode } = prepared;
  const { method, training, seed } = experiment, watch = new StabilityWatch(training.warmup);
  const warn = (messages: readonly string[]): void => { for (const message of messages) job.emit({ type: "warning", message }); };
  let step = start.step;
  return trainLoop(start, {
    model, training, seed, metric: prepared.passRate ? "passAt1" : prepared.scoring.metrics[0] ?? "accuracy", examples: prepared.train,
    hidden: { units: model.local.hiddenUnits, dropout: method.kind === "adept" ? method.dropout : 0 },
    offsetPenalty: method.kind === "adept" ? method.offsetPenalty ?? 0 : 0,
    evaluate: async (parameters) => {
      const result = await evaluate(model, parameters, validation, { maxTokens: training.maxTargetLength, decode, candidates: prepared.candidates, scoring: prepared.scoring, passRate: prepared.passRate, stopRequested: job.stopRequested });
      if (method.kind === "adept" || method.kind === "dept") warn(watch.offsets(step, { spec: method, sizes: prepared.sizes, parameters }, { table: model.local.embedding, width: model.local.width }));
      return result && { ...result, examples: validation.length };
    },
    save: (state) => { saveCheckpoint(job.run.checkpointPath, state); },
    emit: (event) => {
      job.emit(event);
      if (event.type !== "step") return;
      step = event.step;
      warn(watch.step(event));
    },
    stopRequested: job.stopRequested, now: Date.now, memory: () => process.memoryUsage.rss(),
  });
}

/** Tests the best parameters, the untrained ones and the ablations; predictions of each go to analysis/. */
async function test(job: Job, prepared: Prepared, best: { step: number; parameters: Parameters }): Promise<File[]> {
  const { experiment, model, initial, decode } = prepared;
  const cases = [{ label: "trained", parameters: best.parameters }, { label: "untrained", parameters: initial }, ...job.options.ablate(experiment.method.kind, best.parameters)];
  const files: File[] = [];
  const folder = join(job.run.path, "analysis");
  mkdirSync(folder, { recursive: true });
  for (const { label, parameters } of prepared.test.length > 0 ? cases : []) {
    const started = Date.now(), result = await evaluate(model, parameters, prepared.test, { maxTokens: experiment.training.maxTargetLength, decode, candidates: prepared.candidates, scoring: prepared.scoring, passRate: prepared.passRate, stopRequested: job.stopRequested });
    if (result === undefined) break;
    const { loss, metrics, predictions } = result;
    job.emit({ type: "evaluation", step: best.step, split: "test", label, loss, metrics, examples: predictions.length, seconds: (Date.now() - started) / 1000 });
    const source = join(folder, `predictions-${label}.jsonl`);
    writeFileAtomic(source, predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join(""));
    files.push({ path: `analysis/predictions-${label}.jsonl`, source });
  }
  return files;
}

/** Saves the adapter and the commit; a stopped run keeps its best so far, untested. */
async function finish(job: Job, prepared: Prepared, end: { state: LoopState; stopped: boolean }): Promise<void> {
  const { sizes, model } = prepared, { method, backbone } = job.run.experiment();
  const best = end.state.best ?? end.state;
  const { adapterPath } = job.run;
  saveAdapter(adapterPath, { spec: method, sizes, parameters: best.parameters }, { backbone, width: model.local.width });
  const files = [...["adapter_config.json", "adapter_model.safetensors"].map((name) => ({ path: `adapter/${name}`, source: join(adapterPath, name) })), ...["experiment.json", "events.jsonl"].map((name) => ({ path: name, source: join(job.run.path, name) }))];
  if (!end.stopped) {
    job.emit({ type: "status", status: "evaluating" });
    files.push(...await test(job, prepared, best), ...await job.options.analyse(job.run, { requested: job.stopRequested }));
  }
  const stopped = end.stopped || job.stopRequested();
  const status = stopped ? "stopped" : "finished";
  if (!stopped) await endReproduction(job);
  await commit(job, "result", { status, files });
  job.emit({ type: "status", status });
}

/** A run that repeats another says how it came out, and needs its work tree no longer; one that was stopped goes on from it. */
async function endReproduction({ run, options, emit }: Job): Promise<void> {
  try {
    const event = reproduction(run);
    if (event !== undefined) emit(event);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    emit({ type: "warning", message: error.message });
  }
  await putAway(run, options.folder, emit);
}

async function train(job: Job): Promise<void> {
  const { run, options, emit } = job;
  emit({ type: "status", status: "preparing", pid: process.pid });
  tellSources(run, options.folder, emit);
  if (!options.resume) await commit(job, "snapshot", { status: "preparing", files: [] });
  await bringBack(run, options.folder, emit);
  await settleDevice(run, job);
  const experiment = located(run);
  job.gpus.watch(experiment.engine.device);
  const prepared = await prepare(experiment);
  try {
    const memory = await settleMemory(prepared);
    if (memory !== undefined) emit({ type: "memory", ...memory });
    announce(prepared, emit);
    const saved = options.resume ? loadCheckpoint(run.checkpointPath, prepared.initial) : undefined;
    emit({ type: "status", status: "running", pid: process.pid });
    await finish(job, prepared, await loop(job, prepared, saved ?? initialState(prepared.initial)));
  } finally { await prepared.model.release(); }
}

/**
 * Runs one training job in this process; everything it tells goes to the run's journal.
 * @returns exit code: 0 finished or stopped, 1 failed for a reason the user can act on
 * @throws anything unexpected, journaled first
 */
export async function runTraining(run: RunDirectory, options: TrainOptions): Promise<number> {
  if (!run.acquireLease(process.pid)) throw new UserError(`Another worker is training run ${run.id}`, "Wait for it, or stop it first.");
  run.clearControl();
  const journal = new Journal(run.path), gpus = new GpuWatch();
  const emit = (event: NewRunEvent): void => { journal.append(event); };
  const heartbeat = setInterval(() => { emit({ type: "heartbeat", pid: process.pid, gpus: gpus.read() }); }, HEARTBEAT);
  try {
    if (run.record().id === "") announceRun(run.id, run.experiment(), journal);
    await train({ run, options, emit, gpus, stopRequested: () => options.signal.aborted || run.stopRequested() });
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error), { less } = run.record().memory ?? {};
    emit({ type: "error", message, action: less !== undefined && isMemoryTrouble(message) ? `${less}.` : error instanceof UserError ? error.action : undefined });
    await putAway(run, options.folder, emit);
    emit({ type: "status", status: "failed", message });
    if (!(error instanceof UserError)) throw error;
    return 1;
  } finally {
    clearInterval(heartbeat);
    journal.close();
    run.releaseLease();
  }
}
