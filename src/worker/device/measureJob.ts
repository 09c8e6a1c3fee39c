import { firstExamples } from "../../training/batch/exampleList.ts";
import { evaluate } from "../../training/evaluation.ts";
import { readExperiments } from "../../experiment/readExperiment.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Forecast } from "../../protocol/setupQuestions.ts";
import { prepare } from "../../training/prepare.ts";
import { availableMemory } from "./availableMemory.ts";
import { chooseDevice } from "./chooseDevice.ts";
import { settleMemory } from "./settleMemory.ts";
import { timedSteps } from "./timedSteps.ts";

/** The number of steps that are timed after the first, which also plans memory; fewer where they are slow. */
const STEPS = 6;
const LONGEST_MS = 20_000;
const EVALUATED = 64;

/** The experiment on the device that its run would take. */
async function onItsDevice(experiment: Experiment, signal: AbortSignal | undefined): Promise<Experiment> {
  const choice = experiment.engine.device === "auto" ? await chooseDevice(experiment, { signal }) : undefined;
  return choice === undefined ? experiment : { ...experiment, engine: choice.engine };
}

/**
 * Forecasts time and memory of an experiment on this machine from a few of its own steps and a part of its own
 * evaluation. Nothing is written.
 * @throws UserError where the experiment cannot be run
 */
export async function measureExperiment(path: string, signal?: AbortSignal): Promise<Forecast> {
  const [first, ...more] = readExperiments(path);
  const prepared = await prepare(await onItsDevice(first!, signal));
  const {
    model,
    experiment: { training },
    validation,
    test,
    train,
    decode,
  } = prepared;
  try {
    const free = availableMemory() + process.memoryUsage.rss();
    await settleMemory(prepared);
    let memory = process.memoryUsage.rss();
    const times = await timedSteps(prepared, prepared.experiment, train, {
      count: STEPS + 1,
      longestMs: LONGEST_MS,
      least: 2,
      onStep: () => {
        memory = Math.max(memory, process.memoryUsage.rss());
      },
    });
    const timed = times.slice(1).sort((a, b) => a - b);
    const secondsPerStep = (timed[Math.floor(timed.length / 2)] ?? times[0] ?? 0) / 1000;
    const some = firstExamples(validation.length > 0 ? validation : train, EVALUATED);
    const from = performance.now();
    await evaluate(model, prepared.initial, some, {
      maxTokens: training.maxTargetLength,
      decode,
      candidates: prepared.candidates,
    });
    const perExample = (performance.now() - from) / 1000 / Math.max(1, some.length);
    const passes = Math.ceil(training.steps / training.evaluateEvery);
    // At the end the test split is evaluated four times: trained, untrained, and without each of two components.
    const seconds =
      (training.steps * secondsPerStep + perExample * (passes * validation.length + 4 * test.length)) *
      (1 + more.length);
    return {
      secondsPerStep,
      seconds,
      memory: Math.max(memory, process.memoryUsage.rss()),
      trainable: prepared.sizes.count,
      freeMemory: free,
    };
  } finally {
    await model.release();
    await prepared.closeData();
  }
}
