import { UserError } from "../base/errors.ts";
import { phrase, said } from "../base/phrase.ts";
import type { NewRunEvent } from "../record/events.ts";
import type { TrainingSpec } from "../experiment/experiment.ts";
import { adamwStep, freshState, type AdamState } from "./optimiser/adamw.ts";
import { BatchSequence } from "./batch/batchSequence.ts";
import { dropoutMask } from "./batch/hiddenDropout.ts";
import { labelTokens } from "./batch/padBatch.ts";
import { mixSeed } from "../base/mixSeed.ts";
import type { ExampleList } from "./batch/exampleList.ts";
import { clipGradients, jointNorm } from "./optimiser/clip.ts";
import { isFixed } from "../method/fixed.ts";
import type { Parameters } from "../method/parameters.ts";
import { embeddedColumns } from "../backbone/batchRows.ts";
import type { Batch } from "../backbone/batch.ts";
import type { TunedModel } from "../model/model.ts";
import { addGradients } from "../model/addGradients.ts";
import { scheduleFactor } from "./optimiser/schedule.ts";

/** All state that a run needs to continue exactly where it stopped. */
export interface LoopState {
  /** The number of updates made. */
  step: number;
  parameters: Parameters;
  adam: AdamState;
  /** The best checkpoint so far; a higher score is better (a metric, or minus the loss). */
  best: { step: number; score: number; parameters: Parameters } | undefined;
}

/** What the training loop needs and calls. */
export interface LoopOptions {
  model: Pick<TunedModel, "step">;
  training: TrainingSpec;
  seed: number;
  examples: ExampleList;
  /** The number of hidden units of the offset FFN (0: none), and their dropout rate in training. */
  hidden: { units: number; dropout: number };
  /** Whether the model reads text and target as one sequence. */
  isCausal: boolean;
  /** The weight of ADePT's penalty on its offsets, see StepOptions. */
  offsetPenalty?: number;
  /**
   * Computes loss (nats per label token) and metrics on the validation split; undefined where it has no examples, or a
   * stop was requested meanwhile.
   */
  evaluate: (
    parameters: Parameters,
  ) => Promise<{ loss: number; metrics: Record<string, number>; examples: number } | undefined>;
  /** The task's own metric, for `"selection": "metric"`. */
  metric: string;
  save: (state: LoopState) => void;
  emit: (event: NewRunEvent) => void;
  stopRequested: () => boolean;
  /** A clock in milliseconds; only the rates shown to the user depend on it. */
  now: () => number;
  /** Seconds of a step from which on every step is saved: a process that may be ended at any time has no longer. */
  longStep?: number | undefined;
  /** Resident bytes of the process. */
  memory?: () => number;
}

/** The state before the first update. */
export function initialState(parameters: Parameters): LoopState {
  return { step: 0, parameters, adam: freshState(parameters), best: undefined };
}

interface StepGradients {
  loss: number;
  gradients: Map<string, Float32Array>;
  tokens: number;
}

function countTokens(batch: Batch): number {
  return batch.mask.reduce((sum, value) => sum + value, 0) + labelTokens(batch);
}

/** Loss and gradients of one update: means over all label tokens of its batches, one batch an accumulation step. */
async function accumulate(state: LoopState, batches: readonly Batch[], options: LoopOptions): Promise<StepGradients> {
  const lossScale =
    1 /
    Math.max(
      1,
      batches.reduce((sum, batch) => sum + labelTokens(batch), 0),
    );
  const total: StepGradients = { loss: 0, gradients: new Map(), tokens: 0 };
  for (const [accumulationStep, batch] of batches.entries()) {
    const { units, dropout } = options.hidden;
    const hiddenMask =
      units > 0 && dropout > 0
        ? dropoutMask(batch.rows * embeddedColumns(batch, options.isCausal) * units, dropout, {
            seed: options.seed,
            step: state.step,
            accumulationStep,
          })
        : undefined;
    const rate = options.training.backboneDropout;
    const backboneDropout =
      rate > 0 ? { rate, seed: mixSeed(options.seed, 5, state.step, accumulationStep) } : undefined;
    const { loss, gradients } = await options.model.step(state.parameters, batch, {
      lossScale,
      hiddenMask,
      backboneDropout,
      offsetPenalty: (options.offsetPenalty ?? 0) / batches.length,
    });
    total.loss += loss;
    total.tokens += countTokens(batch);
    addGradients(total.gradients, gradients);
  }
  return total;
}

function byGroup(parameters: Parameters, value: (names: string[]) => number): Record<string, number> {
  const groups: Record<string, string[]> = {};
  for (const tensor of parameters.values()) if (!isFixed(tensor)) (groups[tensor.group] ??= []).push(tensor.name);
  return Object.fromEntries(Object.entries(groups).map(([group, names]) => [group, value(names)]));
}

function updateRatios(before: Parameters, after: Parameters): Record<string, number> {
  return byGroup(before, (names) => {
    const changes = names.map((name) => after.get(name)!.data.map((value, i) => value - before.get(name)!.data[i]!));
    const norm = jointNorm(names.map((name) => before.get(name)!.data));
    return norm > 0 ? jointNorm(changes) / norm : 0;
  });
}

function diverged(step: number, value: number, options: LoopOptions): UserError {
  const rates = Object.entries(options.training.learningRate)
    .map(([group, rate]) => `${group} ${rate}`)
    .join(", ");
  const error = new UserError(
    "training-diverged",
    phrase`Training diverged: the loss or a gradient is ${value} at step ${step}.`,
    phrase`Lower training.learningRate (now ${rates}), for example to a third, or lengthen training.warmup.`,
  );
  options.emit({ type: "warning", ...said(error.phrase) });
  return error;
}

/** Smoothed time of a step; only figures shown to the user depend on it. */
class Pace {
  #seconds = 0;
  #rate = 0;

  add(seconds: number, tokens: number): void {
    const weight = this.#seconds === 0 ? 1 : 0.1;
    this.#seconds += weight * (seconds - this.#seconds);
    this.#rate += weight * (tokens / Math.max(seconds, 1e-6) - this.#rate);
  }

  get secondsPerStep(): number {
    return this.#seconds;
  }
  get tokensPerSecond(): number {
    return this.#rate;
  }
}

/** Makes one update: gradients, clipping, AdamW, and the event that reports it. */
async function update(state: LoopState, sequence: BatchSequence, options: LoopOptions, pace: Pace): Promise<LoopState> {
  const { training } = options;
  const started = options.now();
  const batches = Array.from({ length: training.accumulation }, (_, accumulationStep) =>
    sequence.batch(state.step * training.accumulation + accumulationStep),
  );
  const { loss, gradients, tokens } = await accumulate(state, batches, options);
  const clipped = clipGradients(gradients, training.clip);
  const step = state.step + 1;
  if (!Number.isFinite(loss) || !Number.isFinite(clipped.norm))
    throw diverged(step, Number.isFinite(loss) ? clipped.norm : loss, options);
  const factor = scheduleFactor(state.step, { warmup: training.warmup, total: training.steps });
  const rates = Object.fromEntries(
    Object.entries(training.learningRate).map(([group, rate]) => [group, rate * factor]),
  );
  const settings = { variant: training.optimizer, eps: training.eps, weightDecay: training.weightDecay };
  const next = adamwStep({ parameters: state.parameters, state: state.adam }, clipped.gradients, rates, settings);
  pace.add((options.now() - started) / 1000, tokens);
  options.emit({
    type: "step",
    step,
    loss,
    learningRate: byGroup(state.parameters, (names) => rates[state.parameters.get(names[0]!)!.group] ?? 0),
    gradientNorm: byGroup(state.parameters, (names) => jointNorm(names.map((name) => gradients.get(name)!))),
    updateRatio: updateRatios(state.parameters, next.parameters),
    tokensPerSecond: pace.tokensPerSecond,
    secondsLeft: pace.secondsPerStep * (training.steps - step),
    memory: options.memory?.(),
  });
  return { step, parameters: next.parameters, adam: next.state, best: state.best };
}

/**
 * Evaluates on the validation split, if there is one, and keeps the parameters as the best ones if the score is higher
 * than before; with equal scores the earlier ones stay.
 */
async function validate(state: LoopState, options: LoopOptions): Promise<{ state: LoopState; improved: boolean }> {
  const result = await options.evaluate(state.parameters);
  if (result === undefined) return { state, improved: false };
  const { loss, metrics, examples } = result;
  options.emit({ type: "evaluation", step: state.step, split: "validation", loss, metrics, examples });
  const { selection } = options.training;
  const score = selection === "loss" ? -loss : (metrics[selection === "metric" ? options.metric : "accuracy"] ?? NaN);
  if (state.best && score <= state.best.score) return { state, improved: false };
  return { state: { ...state, best: { step: state.step, score, parameters: state.parameters } }, improved: true };
}

/**
 * Trains from the given state to the last step, or until a stop is requested. Every step is a pure function of the
 * state and the options, so a run that is resumed from a checkpoint repeats the same numbers.
 * @throws UserError where the loss or a gradient is not finite
 */
export async function trainLoop(
  start: LoopState,
  options: LoopOptions,
): Promise<{ state: LoopState; stopped: boolean }> {
  const { steps, evaluateEvery, checkpointEvery } = options.training;
  const { batchSize } = options.training;
  const sequence = new BatchSequence(options.examples, { batchSize, seed: options.seed, isCausal: options.isCausal });
  const pace = new Pace();
  let state = start;
  while (state.step < steps) {
    if (options.stopRequested()) {
      checkpoint(state, false, options);
      return { state, stopped: true };
    }
    const before = state;
    state = await update(state, sequence, options, pace);
    const last = state.step === steps;
    const due = last || state.step % evaluateEvery === 0;
    let improved = false;
    if (due) ({ state, improved } = await validate(state, options));
    // A validation that a stop interrupts is repeated: the run resumes before the step that triggered it.
    if (due && !improved && options.stopRequested()) {
      checkpoint(before, false, options);
      return { state: before, stopped: true };
    }
    const isLong = pace.secondsPerStep > (options.longStep ?? Infinity);
    if (last || improved || isLong || state.step % checkpointEvery === 0) checkpoint(state, improved, options);
  }
  return { state, stopped: false };
}

function checkpoint(state: LoopState, best: boolean, options: LoopOptions): void {
  options.save(state);
  options.emit({ type: "checkpoint", step: state.step, best });
}
