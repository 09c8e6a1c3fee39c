import { adamwStep, freshState } from "./optimiser/adamw.ts";
import { BatchSequence } from "./batch/batchSequence.ts";
import { labelTokens } from "./batch/padBatch.ts";
import { mixSeed } from "../base/mixSeed.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import { clipGradients } from "./optimiser/clip.ts";
import type { Parameters, TrainableTensor } from "../method/parameters.ts";
import type { Batch } from "../backbone/batch.ts";
import { addGradients } from "../model/addGradients.ts";
import { scheduleFactor } from "./optimiser/schedule.ts";

/** A source task: its training examples, and the teacher's outputs for one of its batches. */
export interface SourceTask<T> {
  examples: readonly TokenisedExample[];
  teach: (batch: Batch) => Promise<T>;
}

/** The student's loss and gradients for a batch, given its teacher's outputs. */
export interface Student<T> {
  distil(
    parameters: Parameters,
    batch: Batch,
    options: { teacher: T; lossScale: number; weight: number },
  ): Promise<{ loss: number; taught: number; gradients: Map<string, Float32Array> }>;
}

/** How the student is trained. */
export interface DistillationOptions {
  steps: number;
  batchSize: number;
  warmup: number;
  /** Weight of the teacher's terms of the loss (0.9 in the paper). */
  weight: number;
  /** Learning rate of each group: prompt, uv. */
  rates: Record<string, number>;
  seed: number;
  /** Whether the model reads text and target as one sequence. */
  isCausal: boolean;
  signal: AbortSignal;
  /** Called after each step with its losses: `loss` is the total, `taught` the teacher's terms. */
  onStep: (progress: { step: number; loss: number; taught: number }) => void;
}

const SHARED = "prompt";
const own = (name: string, task: number): string => `${name}.${task}`;

/** The tensors of one task, under the names that the method uses. */
const taskParameters = (all: Parameters, task: number): Parameters =>
  new Map([SHARED, "u", "v"].map((name) => [name, { ...all.get(name === SHARED ? SHARED : own(name, task))!, name }]));

/** The mean of a tensor over the tasks. */
function average(all: Parameters, name: string, tasks: number): TrainableTensor {
  const each = Array.from({ length: tasks }, (_, task) => all.get(own(name, task))!);
  const first = each[0]!;
  return { ...first, name, data: first.data.map((_, i) => each.reduce((sum, { data }) => sum + data[i]!, 0) / tasks) };
}

/**
 * Trains the source stage of MPT (Wang et al. 2023): one prompt P*, shared by all source tasks and multiplied by each
 * task's u v^T, is distilled from the tasks' own prompts. Every step takes one batch of each task; the loss is the mean
 * over the tasks.
 * @param initial MPT's initial values: prompt (m, d), u (m), v (d)
 * @returns P*, and the means of u and v over the tasks, from which a target task starts
 * @throws the signal's reason when it is aborted
 */
export async function distil<T>(
  student: Student<T>,
  tasks: readonly SourceTask<T>[],
  initial: Parameters,
  options: DistillationOptions,
): Promise<Parameters> {
  const { steps, batchSize, warmup, weight, rates, seed, isCausal, signal } = options;
  const sequences = tasks.map(
    ({ examples }, task) => new BatchSequence(examples, { batchSize, seed: mixSeed(seed, 6, task), isCausal }),
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
    const progress = { step: step + 1, loss: 0, taught: 0 };
    for (const [task, { teach }] of tasks.entries()) {
      signal.throwIfAborted();
      const batch = sequences[task]!.batch(step);
      const lossScale = 1 / Math.max(1, labelTokens(batch)) / tasks.length;
      const result = await student.distil(taskParameters(parameters, task), batch, {
        teacher: await teach(batch),
        lossScale,
        weight,
      });
      progress.loss += result.loss;
      progress.taught += result.taught;
      addGradients(gradients, result.gradients, (name) => (name === SHARED ? SHARED : own(name, task)));
    }
    const factor = scheduleFactor(step, { warmup, total: steps });
    const stepRates = Object.fromEntries(Object.entries(rates).map(([group, rate]) => [group, factor * rate]));
    ({ parameters, state } = adamwStep({ parameters, state }, clipGradients(gradients, 1).gradients, stepRates, {
      variant: "torch",
      eps: 1e-6,
      weightDecay: 0,
    }));
    options.onStep(progress);
  }
  return new Map([
    [SHARED, parameters.get(SHARED)!],
    ["u", average(parameters, "u", tasks.length)],
    ["v", average(parameters, "v", tasks.length)],
  ]);
}
