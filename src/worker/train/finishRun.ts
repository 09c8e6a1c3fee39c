import { join } from "node:path";
import { saveAdapter } from "../../adapter/adapterFolder.ts";
import { UserError } from "../../base/errors.ts";
import { said } from "../../base/phrase.ts";
import { explainWrite, makeFolder, syncFile, writeFileAtomic } from "../../base/files/atomicFile.ts";
import type { Parameters } from "../../method/parameters.ts";
import { evaluate } from "../../training/evaluation.ts";
import type { LoopState } from "../../training/loop.ts";
import type { Prepared } from "../../training/prepare.ts";
import { commitRun } from "./commitRun.ts";
import { leftEvent } from "./leftRun.ts";
import { reproduction } from "./compareWithOriginal.ts";
import { removeReproductionTree } from "./reproducedFiles.ts";
import type { CommittedFile, TrainJob } from "./trainOptions.ts";

/** Tests the best parameters, the untrained ones and the ablations; writes the predictions of each to analysis/. */
async function test(
  job: TrainJob,
  prepared: Prepared,
  best: { step: number; parameters: Parameters },
): Promise<CommittedFile[]> {
  const { experiment, model, initial, decode } = prepared;
  const cases = [
    { label: "trained", parameters: best.parameters },
    { label: "untrained", parameters: initial },
    ...job.options.ablate(experiment.method.kind, best.parameters),
  ];
  const files: CommittedFile[] = [];
  const folder = join(job.run.path, "analysis");
  makeFolder(folder);
  for (const { label, parameters } of prepared.test.length > 0 ? cases : []) {
    const started = performance.now();
    const result = await evaluate(model, parameters, prepared.test, {
      maxTokens: experiment.training.maxTargetLength,
      decode,
      candidates: prepared.candidates,
      lossOnly: experiment.training.prediction === "loss",
      scoring: prepared.scoring,
      passRate: prepared.passRate,
      codeSamples: prepared.codeSamples,
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

/**
 * Saves the adapter, tests and analyses it, and commits the result. A stopped run keeps its best parameters so far,
 * untested. A worker that leaves the run writes nothing but that: the one that goes on makes the result.
 */
export async function finishRun(
  job: TrainJob,
  prepared: Prepared,
  end: { state: LoopState; stopped: boolean },
): Promise<void> {
  const { sizes, model } = prepared;
  if (end.stopped && job.leaves()) {
    job.emit(leftEvent(job.options.request.job));
    return;
  }
  const { method, backbone } = job.run.experiment();
  const best = end.state.best ?? end.state;
  const { adapterPath } = job.run;
  const adapter = ["adapter_config.json", "adapter_model.safetensors"].map((name) => ({
    path: `adapter/${name}`,
    source: join(adapterPath, name),
  }));
  job.run.refuseIfGoneOrTaken(job.start);
  try {
    makeFolder(adapterPath);
    saveAdapter(adapterPath, { spec: method, sizes, parameters: best.parameters }, { backbone, layout: model.layout });
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
  if (job.leaves()) {
    job.emit(leftEvent(job.options.request.job));
    return;
  }
  const stopped = end.stopped || job.stopRequested();
  const status = stopped ? "stopped" : "finished";
  if (!stopped) await endReproduction(job);
  job.sync();
  await commitRun(job, "result", { status, files });
  job.emit({ type: "status", status });
}

/**
 * Reports how a run that repeats another compares with it, and removes its work tree. A stopped run keeps the tree to
 * continue from.
 */
async function endReproduction({ run, options, emit }: TrainJob): Promise<void> {
  try {
    const event = await reproduction(run);
    if (event !== undefined) emit(event);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    emit({ type: "warning", ...said(error.phrase) });
  }
  await removeReproductionTree(run, options.folder, emit);
}
