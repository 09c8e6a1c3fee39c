import type { Experiment } from "../../experiment/experiment.ts";
import { regularisationOf } from "../../method/regularisation.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { ExampleList } from "../../training/batch/exampleList.ts";
import { initialState, trainLoop } from "../../training/loop.ts";
import type { Prepared } from "../../training/prepare.ts";

type StepEvent = Extract<NewRunEvent, { type: "step" }>;

/** How many steps are timed. */
export interface Timing {
  count: number;
  /** No step begins after this time (ms), once there are `least` steps. */
  longestMs: number;
  least: number;
  onStep: (event: StepEvent) => void;
}

/**
 * Makes training steps from an experiment's initial parameters and times each. Nothing is evaluated or saved.
 * @returns milliseconds of each step; the first one also compiles the graphs and plans memory
 */
export async function timedSteps(
  { model, initial }: Pick<Prepared, "model" | "initial">,
  { training, method, seed }: Experiment,
  examples: ExampleList,
  { count, longestMs, least, onStep }: Timing,
): Promise<number[]> {
  const { hiddenDropout, offsetPenalty } = regularisationOf(method);
  const times: number[] = [];
  const start = performance.now();
  let last = start;
  await trainLoop(initialState(initial), {
    model,
    seed,
    examples,
    metric: "accuracy",
    hidden: { units: model.hiddenUnits, dropout: hiddenDropout },
    isCausal: model.layout.isCausal,
    offsetPenalty,
    training: { ...training, steps: count, evaluateEvery: count + 1, checkpointEvery: count + 1 },
    evaluate: () => Promise.resolve(undefined),
    save: () => {
      /* nothing is saved */
    },
    now: Date.now,
    stopRequested: () => performance.now() - start > longestMs && times.length >= least,
    emit: (event) => {
      if (event.type !== "step") return;
      times.push(performance.now() - last);
      last = performance.now();
      onStep(event);
    },
  });
  return times;
}
