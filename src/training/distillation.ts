import { adamwStep, freshState } from "./optimiser/adamw.ts";
import { BatchSequence } from "./batch/batchSequence.ts";
import { labelTokens } from "./batch/padBatch.ts";
import { mixSeed } from "../base/mixSeed.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import { clipGradients } from "./optimiser/clip.ts";
import type { Parameters, TrainableTensor } from "../method/parameters.ts";
import type { Batch } from "../model/model.ts";
import { scheduleFactor } from "./optimiser/schedule.ts";

/** A source task: its training examples, and what its teacher makes of a batch. */
export interface SourceTask<T> {
  examples: readonly TokenisedExample[];
  teach: (batch: Batch) => Promise<T>;
}

/** One step of the student towards a teacher. */
export interface Student<T> {
  distil(
    parameters: Parameters,
    batch: Batch,
    options: { teacher: T; lossScale: number; weight: number },
  ): Promise<{ loss: number; taught: number; gradients: Map<string, Float32Array> }>;
}

/** `weight`: of the teacher's terms (0.9 in the paper); rates by group: prompt, uv. */
export interface DistillationOptions {
  steps: number;
  batchSize: number;
  warmup: number;
  weight: number;
  rates: Record<string, number>;
  seed: number;
  signal: AbortSignal;
  onStep: (told: { step: number; loss: number; taught: number }) => void;
}

const SHARED = "prompt";
const own = (name: string, task: number): string => `${name}.${task}`;

/** The tensors of one task under the names that the method knows. */
const taskParameters = (all: Parameters, task: number): Parameters =>
  new Map([SHARED, "u", "v"].map((name) => [name, { ...all.get(name === SHARED ? SHARED : own(name, task))!, name }]));

/** The mean of the tasks' own tensors. */
function average(all: Parameters, name: string, tasks: number): TrainableTensor {
  const each = Array.from({ length: tasks }, (_, task) => all.get(own(name, task))!);
  const first = each[0]!;
  return { ...first, name, data: first.data.map((_, i) => each.reduce((sum, { data }) => sum + data[i]!, 0) / tasks) };
}

/**
 * MPT's source stage (Wang et al. 2023): one prompt P* for all source tasks, times u v^T of each, learns from the
 * tasks' own prompts. Every step takes one batch of every task; the loss is the mean of theirs.
 * @param initial MPT's start values: prompt (m, d), u (m), v (d)
 * @returns P*, and the mean of the tasks' u and v, from which a target task starts
 * @throws the signal's reason when it is aborted
 */
export async function distil<T>(
  student: Student<T>,
  tasks: readonly SourceTask<T>[],
  initial: Parameters,
  options: DistillationOptions,
): Promise<Parameters> {
  const { steps, batchSize, warmup, weight, rates, seed, signal } = options;
  const sequences = tasks.map(
    ({ examples }, task) => new BatchSequence(examples, { batchSize, seed: mixSeed(seed, 6, task) }),
  );
  let parameters: Parameters = new Map([
    [SHARED, initial.get(SHARED)!],
    ...tasks.flatMap((_, task) =>
      ["u", "v"].map((name) => [own(name, task), { ...initial.get(name)!, name: own(name, task) }] as const),
    ),
  ]);
  let state = freshState(parameters);
  for (let step = 0; step < steps; step++) {
    const gradients = new Map<string, Float32Array>();
    const told = { step: step + 1, loss: 0, taught: 0 };
    for (const [task, { teach }] of tasks.entries()) {
      signal.throwIfAborted();
      const batch = sequences[task]!.batch(step);
      const lossScale = 1 / Math.max(1, labelTokens(batch)) / tasks.length;
      const result = await student.distil(taskParameters(parameters, task), batch, {
        teacher: await teach(batch),
        lossScale,
        weight: weight,
      });
      told.loss += result.loss;
      told.taught += result.taught;
      for (const [name, gradient] of result.gradients) {
        const into = name === SHARED ? SHARED : own(name, task);
        const sum = gradients.get(into);
        gradients.set(
          into,
          sum === undefined ? Float32Array.from(gradient) : sum.map((value, i) => value + gradient[i]!),
        );
      }
    }
    const factor = scheduleFactor(step, { warmup, total: steps });
    const stepRates = Object.fromEntries(Object.entries(rates).map(([group, rate]) => [group, factor * rate]));
    ({ parameters, state } = adamwStep({ parameters, state }, clipGradients(gradients, 1).gradients, stepRates, {
      variant: "torch",
      eps: 1e-6,
      weightDecay: 0,
    }));
    options.onStep(told);
  }
  return new Map([
    [SHARED, parameters.get(SHARED)!],
    ["u", average(parameters, "u", tasks.length)],
    ["v", average(parameters, "v", tasks.length)],
  ]);
}
