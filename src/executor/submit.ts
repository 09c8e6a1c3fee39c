import { randomBytes } from "node:crypto";
import { readExperiments } from "../experiment/readExperiment.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { newRunId, RunDirectory } from "../run/runDirectory.ts";
import { startTraining, type WorkerPlace } from "./localExecutor.ts";
import { enqueue, startQueue } from "./queue.ts";

/** `git`: whether runs may be committed; `queued`: wait for the device even with a single run. */
export interface Submission extends WorkerPlace { experimentPath: string; runsDir: string; git: boolean; queued?: boolean; overrides?: readonly string[]; /** looks at every run before any starts; throws what is wrong */ check?: (experiment: Experiment) => void }

const newId = (): string => newRunId(new Date(), () => randomBytes(4).readUInt32LE() / 2 ** 32);

/**
 * Starts the run of an experiment file; several runs (seeds, a sweep) wait in their device's queue, which is started.
 * @throws UserError if the experiment is wrong; then nothing was made
 */
export function submitExperiment(options: Submission): { runs: RunDirectory[]; queued: boolean; sweep: string | undefined } {
  const id = newId(), experiments = readExperiments(options.experimentPath, options.overrides, id).map((each) => ({ ...each, git: each.git && options.git }));
  for (const experiment of experiments) options.check?.(experiment);
  const [first] = experiments;
  if (experiments.length === 1 && first !== undefined && options.queued !== true) {
    const run = RunDirectory.create(options.runsDir, id, first);
    startTraining(run, options);
    return { runs: [run], queued: false, sweep: undefined };
  }
  const runs = experiments.map((each) => enqueue(options.runsDir, each));
  for (const device of new Set(experiments.map(({ engine }) => engine.device))) startQueue({ ...options, device });
  return { runs, queued: true, sweep: experiments.length > 1 ? id : undefined };
}
