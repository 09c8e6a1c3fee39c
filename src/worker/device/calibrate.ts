import { regularisationOf } from "../../method/regularisation.ts";
import * as z from "zod";
import type { Experiment } from "../../experiment/experiment.ts";
import { MersenneTwister } from "../../base/random.ts";
import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import { initialState, trainLoop } from "../../training/loop.ts";
import { openExperimentModel, type Prepared } from "../../training/prepare.ts";

/** Steps that are timed after the first, which compiles and plans memory; fewer where they are slow. */
const STEPS = 3;
const LONGEST_MS = 15_000;
/** Ids below are the vocabulary's own signs. */
const FIRST_WORD = 3;

/**
 * What a device makes of an experiment's step. `check`: the first step's loss and gradient norms, which are the same on
 * every device that computes rightly.
 */
export const Calibration = z.object({ name: z.string(), milliseconds: z.number(), check: z.array(z.number()) });
export type Calibration = z.infer<typeof Calibration>;

/** A batch at the experiment's longest lengths. */
function syntheticExamples(
  { training: { batchSize, maxSourceLength, maxTargetLength } }: Experiment,
  vocabulary: number,
): TokenisedExample[] {
  const random = new MersenneTwister(5);
  const ids = (length: number): number[] =>
    Array.from({ length }, () => FIRST_WORD + Math.floor((vocabulary - FIRST_WORD) * random.uniform()));
  return Array.from({ length: batchSize }, () => ({
    input: "",
    target: "",
    ids: ids(maxSourceLength),
    labels: ids(maxTargetLength),
  }));
}

interface Trial {
  times: number[];
  check: number[];
}

/** Makes a few steps from the start. */
async function steps(
  { model, initial }: Pick<Prepared, "model" | "initial">,
  { training, method, seed }: Experiment,
  examples: readonly TokenisedExample[],
  count: number,
): Promise<Trial> {
  const start = performance.now();
  const times: number[] = [];
  let last = start;
  let check: number[] = [];
  const { hiddenDropout, offsetPenalty } = regularisationOf(method);
  await trainLoop(initialState(initial), {
    model,
    seed,
    examples,
    metric: "accuracy",
    hidden: { units: model.hiddenUnits, dropout: hiddenDropout },
    offsetPenalty,
    training: { ...training, accumulation: 1, steps: count, evaluateEvery: count + 1, checkpointEvery: count + 1 },
    evaluate: () => Promise.resolve(undefined),
    save: () => {
      /* nothing is kept */
    },
    now: Date.now,
    stopRequested: () => performance.now() - start > LONGEST_MS && times.length > 0,
    emit: (event) => {
      if (event.type !== "step") return;
      times.push(performance.now() - last);
      last = performance.now();
      if (times.length === 1) check = [event.loss, ...Object.values(event.gradientNorm)];
    },
  });
  return { times, check };
}

/**
 * Times the real step of an experiment on its device, at its sizes and longest lengths.
 * @throws UserError where the device is not to be had
 */
export async function calibrate(experiment: Experiment): Promise<Calibration> {
  const opened = await openExperimentModel(experiment);
  const { model } = opened;
  const examples = syntheticExamples(experiment, model.layout.vocabulary);
  const { training } = experiment;
  try {
    // Masks inside the backbone depend on how a batch is cut, which devices do differently.
    const plain =
      training.backboneDropout > 0
        ? await steps(opened, { ...experiment, training: { ...training, backboneDropout: 0 } }, examples, 1)
        : undefined;
    const { times, check } = await steps(opened, experiment, examples, STEPS + 1);
    const timed = (times.length > 1 ? times.slice(1) : times).sort((a, b) => a - b);
    return {
      name: model.device,
      milliseconds: timed[Math.floor((timed.length - 1) / 2)]!,
      check: plain?.check ?? check,
    };
  } finally {
    await model.release();
  }
}
