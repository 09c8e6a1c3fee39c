import * as z from "zod";
import type { Experiment } from "../experiment/experiment.ts";
import { MersenneTwister } from "../experiment/random.ts";
import type { TokenisedExample } from "../training/batching.ts";
import { initialState, trainLoop } from "../training/loop.ts";
import { openExperimentModel } from "../training/prepare.ts";

/** Steps that are timed after the first, which compiles and plans memory; fewer where they are slow. */
const STEPS = 3, LONGEST_MS = 15_000;
/** Ids below are the vocabulary's own signs. */
const FIRST_WORD = 3;

/** What a device makes of an experiment's step. `check`: the first step's loss and gradient norms, which are the same on every device that computes rightly. */
export const Calibration = z.object({ name: z.string(), milliseconds: z.number(), check: z.array(z.number()) });
export type Calibration = z.infer<typeof Calibration>;

/** A batch at the experiment's longest lengths. */
function syntheticExamples({ training: { batchSize, maxSourceLength, maxTargetLength } }: Experiment, vocabulary: number): TokenisedExample[] {
  const random = new MersenneTwister(5), ids = (length: number): number[] => Array.from({ length }, () => FIRST_WORD + Math.floor((vocabulary - FIRST_WORD) * random.uniform()));
  return Array.from({ length: batchSize }, () => ({ input: "", target: "", ids: ids(maxSourceLength), labels: ids(maxTargetLength) }));
}

/** Times the real step of an experiment on its device, at its sizes and longest lengths. @throws UserError where the device is not to be had */
export async function calibrate(experiment: Experiment): Promise<Calibration> {
  const { training, method, seed } = experiment, { model, initial } = await openExperimentModel(experiment), times: number[] = [];
  const start = performance.now();
  let last = start, check: number[] | undefined;
  try {
    await trainLoop(initialState(initial), {
      model, seed, examples: syntheticExamples(experiment, model.local.vocabularySize), metric: "accuracy", hidden: { units: model.local.hiddenUnits, dropout: method.kind === "adept" ? method.dropout : 0 }, offsetPenalty: method.kind === "adept" ? method.offsetPenalty ?? 0 : 0,
      training: { ...training, accumulation: 1, steps: STEPS + 1, evaluateEvery: STEPS + 2, checkpointEvery: STEPS + 2 },
      evaluate: () => Promise.resolve(undefined), save: () => { /* nothing is kept */ }, now: Date.now, stopRequested: () => performance.now() - start > LONGEST_MS && times.length > 0,
      emit: (event) => {
        if (event.type !== "step") return;
        times.push(performance.now() - last);
        last = performance.now();
        check ??= [event.loss, ...Object.values(event.gradientNorm)];
      },
    });
    const timed = (times.length > 1 ? times.slice(1) : times).sort((a, b) => a - b);
    return { name: model.device, milliseconds: timed[Math.floor((timed.length - 1) / 2)]!, check: check! };
  } finally { await model.release(); }
}
