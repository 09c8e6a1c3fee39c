import { renameSync } from "node:fs";
import { StabilityWatch } from "../../analysis/stability/stabilityWatch.ts";
import { phrase, said, type Phrase } from "../../base/phrase.ts";
import { methodOf } from "../../method/registry.ts";
import { ratesInUnits } from "../../method/learningRates.ts";
import { regularisationOf } from "../../method/regularisation.ts";
import { missingSteps, readJournal } from "../../run/journal/readJournal.ts";
import { asidePath, loadCheckpoint, saveCheckpoint } from "../../training/checkpoint.ts";
import { evaluate } from "../../training/evaluation.ts";
import { initialState, trainLoop, type LoopState } from "../../training/loop.ts";
import type { Prepared } from "../../training/prepare.ts";
import type { TrainJob } from "./trainOptions.ts";

/** Seconds of a step that a worker cannot finish between SIGTERM and SIGKILL; clusters wait 30 s. */
const LONG_STEP = 20;

/**
 * The state to start from: the checkpoint of a resumed run, else step 0. A damaged checkpoint is moved aside and the
 * run begins again, with the same numbers.
 */
export function startState({ run, options, emit }: TrainJob, { initial }: Prepared): LoopState {
  const saved = options.resume ? loadCheckpoint(run.checkpointPath, initial) : undefined;
  if (saved === undefined) return initialState(initial);
  if (!("damage" in saved)) {
    const missing = missingSteps(readJournal(run.path).events, saved.step);
    if (missing > 0)
      emit({
        type: "warning",
        ...said(
          phrase`The journal lacks ${missing} of the ${saved.step} steps that were made: their lines were damaged. What was learnt is in the checkpoint`,
        ),
      });
    return saved;
  }
  const aside = asidePath(run.checkpointPath);
  renameSync(run.checkpointPath, aside);
  emit({
    type: "warning",
    ...said(phrase`The checkpoint was damaged (${saved.damage}): it is kept as ${aside}, and the run begins anew`),
  });
  return initialState(initial);
}

/**
 * Saves the checkpoint.
 * @throws UserError when the run's folder is gone or another worker has the run, also when that happens meanwhile
 */
function saveState({ run, start, sync }: TrainJob, state: LoopState): void {
  run.refuseIfGoneOrTaken(start);
  try {
    sync();
    saveCheckpoint(run.checkpointPath, state);
  } catch (error) {
    run.refuseIfGoneOrTaken(start);
    throw error;
  }
}

/** Trains from a state to the last step, or until a stop is requested; reports warnings of instability. */
export function runLoop(job: TrainJob, prepared: Prepared, start: LoopState): ReturnType<typeof trainLoop> {
  const { model, experiment, validation, decode } = prepared;
  const { method, training, seed } = experiment;
  const { hiddenDropout, offsetPenalty } = regularisationOf(method);
  const watch = new StabilityWatch(training.warmup);
  const warn = (alerts: readonly Phrase[]): void => {
    for (const alert of alerts) job.emit({ type: "warning", ...said(alert) });
  };
  let step = start.step;
  return trainLoop(start, {
    model,
    training: { ...training, learningRate: ratesInUnits(method, training.learningRate, () => model.embeddings) },
    seed,
    metric: prepared.passRate ? "passAt1" : (prepared.scoring.metrics[0] ?? "accuracy"),
    examples: prepared.train,
    hidden: { units: model.hiddenUnits, dropout: hiddenDropout },
    isCausal: model.layout.isCausal,
    offsetPenalty,
    evaluate: async (parameters) => {
      const result = await evaluate(model, parameters, validation, {
        maxTokens: training.maxTargetLength,
        decode,
        candidates: prepared.candidates,
        lossOnly: training.prediction === "loss",
        scoring: prepared.scoring,
        passRate: prepared.passRate,
        stopRequested: job.stopRequested,
      });
      if (methodOf(method.kind).offsets !== undefined)
        warn(watch.offsets(step, { spec: method, sizes: prepared.sizes, parameters }, model.embeddings));
      return result && { ...result, examples: validation.length };
    },
    save: (state) => {
      saveState(job, state);
    },
    emit: (event) => {
      job.emit(event);
      if (event.type !== "step") return;
      step = event.step;
      warn(watch.step(event));
      warn(model.takeNotes());
    },
    stopRequested: job.stopRequested,
    now: () => performance.now(),
    longStep: job.options.request.job === undefined ? undefined : LONG_STEP,
    memory: () => process.memoryUsage.rss(),
  });
}
