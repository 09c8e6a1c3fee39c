import * as z from "zod";
import type { Experiment } from "../../experiment/experiment.ts";
import { MersenneTwister } from "../../base/random.ts";
import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import { openExperimentModel, type Prepared } from "../../training/prepare.ts";
import { timedSteps } from "./timedSteps.ts";

/** The number of steps that are timed after the first, which compiles and plans memory; fewer where they are slow. */
const STEPS = 3;
const LONGEST_MS = 15_000;
/** The first id of a word; ids below are special tokens. */
const FIRST_WORD = 3;

/**
 * The measured step of an experiment on a device. `check` has the first step's loss and gradient norms, which are equal
 * on every device that computes correctly.
 */
export const Calibration = z.object({ name: z.string(), milliseconds: z.number(), check: z.array(z.number()) });
export type Calibration = z.infer<typeof Calibration>;

/** A batch of random tokens at the experiment's longest lengths. */
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

/** Times a few steps, without accumulation. */
async function steps(
  opened: Pick<Prepared, "model" | "initial">,
  experiment: Experiment,
  examples: readonly TokenisedExample[],
  count: number,
): Promise<Trial> {
  let check: number[] = [];
  const single = { ...experiment, training: { ...experiment.training, accumulation: 1 } };
  const times = await timedSteps(opened, single, examples, {
    count,
    longestMs: LONGEST_MS,
    least: 1,
    onStep: (event) => {
      if (check.length === 0) check = [event.loss, ...Object.values(event.gradientNorm)];
    },
  });
  return { times, check };
}

/** The seed of all measurements: numbers of several devices are compared, which may be those of another day. */
const SEED = 0;

/**
 * Times the real step of an experiment on its device, at its sizes and longest lengths. The experiment's seed changes
 * neither the time nor the numbers by which devices are compared.
 * @throws UserError where this machine does not have the device
 */
export async function calibrate(given: Experiment): Promise<Calibration> {
  const experiment = { ...given, seed: SEED };
  const opened = await openExperimentModel(experiment);
  const { model } = opened;
  const examples = syntheticExamples(experiment, model.layout.vocabulary);
  const { training } = experiment;
  try {
    // Dropout masks inside the backbone depend on how a batch is split, which differs between devices.
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
