import { UserError } from "../base/errors.ts";
import type { NewRunEvent } from "../record/events.ts";
import type { TrainingSpec } from "../experiment/experiment.ts";
import { adamwStep, freshState, type AdamState } from "./optimiser/adamw.ts";
import { BatchSequence } from "./batch/batchSequence.ts";
import { dropoutMask } from "./batch/hiddenDropout.ts";
import { labelTokens } from "./batch/padBatch.ts";
import { mixSeed } from "../base/mixSeed.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import { clipGradients, jointNorm } from "./optimiser/clip.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Batch, TunedModel } from "../model/model.ts";
import { scheduleFactor } from "./optimiser/schedule.ts";

/** Everything a run needs to go on exactly where it was; `step` counts updates made. */
export interface LoopState {
  step: number;
  parameters: Parameters;
  adam: AdamState;
  /** `score`: higher is better (a metric, or minus the loss) */
  best: { step: number; score: number; parameters: Parameters } | undefined;
}

export interface LoopOptions {
  model: Pick<TunedModel, "step">;
  training: TrainingSpec;
  seed: number;
  examples: readonly TokenisedExample[];
  /** hidden units of the offset FFN (0: none) and their dropout in training */
  hidden: { units: number; dropout: number };
  /** ADePT's penalty on its offsets, see StepOptions */
  offsetPenalty?: number;
  /**
   * loss (nats per token) and metrics on the validation split; undefined when it has no examples, or a stop was
   * requested meanwhile
   */
  evaluate: (
    parameters: Parameters,
  ) => Promise<{ loss: number; metrics: Record<string, number>; examples: number } | undefined>;
  /** the task's own metric */
  metric: string;
  save: (state: LoopState) => void;
  emit: (event: NewRunEvent) => void;
  stopRequested: () => boolean;
  /** milliseconds; only rates shown to the user depend on it */
  now: () => number;
  /** resident bytes of the process */
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

function add(total: Map<string, Float32Array>, more: Map<string, Float32Array>): void {
  for (const [name, values] of more) {
    const sum = total.get(name);
    if (!sum) total.set(name, Float32Array.from(values));
    else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + values[i]!;
  }
}

function countTokens(batch: Batch): number {
  return batch.mask.reduce((sum, value) => sum + value, 0) + labelTokens(batch);
}

/** Loss and gradients of one update: the mean over all label tokens of its batches, one an accumulation step. */
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
        ? dropoutMask(batch.rows * batch.sourceLength * units, dropout, {
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
    add(total.gradients, gradients);
  }
  return total;
}

function byGroup(parameters: Parameters, value: (names: string[]) => number): Record<string, number> {
  const groups: Record<string, string[]> = {};
  for (const { name, group } of parameters.values()) (groups[group] ??= []).push(name);
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
  const message = `Training diverged: the loss or a gradient is ${value} at step ${step}.`;
  options.emit({ type: "warning", message });
  return new UserError(
    message,
    `Lower training.learningRate (now ${rates}), for example to a third, or lengthen training.warmup.`,
  );
}

/** Seconds a step takes, smoothed; affects nothing but what is shown. */
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

/** One update: gradients, clipping, AdamW, and the event that tells of it. */
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
 * Evaluates on the validation split, if there is one; the state with a new best if it is one (the first of equals
 * stays).
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
 * Trains from the state given to the last step, or until a stop is requested. Every step is a pure function of the
 * state and the options, so a run resumed from a checkpoint repeats the very same numbers.
 * @throws UserError if the loss stops being a number
 */
export async function trainLoop(
  start: LoopState,
  options: LoopOptions,
): Promise<{ state: LoopState; stopped: boolean }> {
  const { steps, evaluateEvery, checkpointEvery } = options.training;
  const sequence = new BatchSequence(options.examples, { batchSize: options.training.batchSize, seed: options.seed });
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
    // A validation cut short by a stop is made again: the run resumes before the step that led to it.
    if (due && !improved && options.stopRequested()) {
      checkpoint(before, false, options);
      return { state: before, stopped: true };
    }
    if (last || improved || state.step % checkpointEvery === 0) checkpoint(state, improved, options);
  }
  return { state, stopped: false };
}

function checkpoint(state: LoopState, best: boolean, options: LoopOptions): void {
  options.save(state);
  options.emit({ type: "checkpoint", step: state.step, best });
}
