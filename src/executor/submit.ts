import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readExperiments } from "../experiment/readExperiment.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { newRunId } from "../run/directory/runId.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import { startTraining } from "./startWorker.ts";
import type { WorkerPlace } from "./workerProcess.ts";
import { enqueue } from "./queuedRuns.ts";
import { startQueue } from "./deviceQueue.ts";

/** `git`: whether runs may be committed; `queued`: wait for the device even with a single run. */
export interface Submission extends WorkerPlace {
  experimentPath: string;
  runsDir: string;
  git: boolean;
  queued?: boolean;
  overrides?: readonly string[];
  /** looks at every run before any starts; throws what is wrong */
  check?: (experiment: Experiment) => void;
}

/** New ids in the order they sort in, so that a list of runs keeps a sweep's order. */
function newIds(count: number): string[] {
  const now = new Date();
  const ids = new Set<string>();
  while (ids.size < count) ids.add(newRunId(now, () => randomBytes(4).readUInt32LE() / 2 ** 32));
  return [...ids].sort();
}

/**
 * Starts the run of an experiment file; several runs (seeds, a sweep) wait in their device's queue, which is started.
 * @throws UserError if the experiment is wrong; then nothing was made
 */
export function submitExperiment(options: Submission): {
  runs: RunDirectory[];
  queued: boolean;
  sweep: string | undefined;
  /** the worker of a single run */
  child?: ChildProcess;
} {
  const [sweepId] = newIds(1) as [string];
  const experiments = readExperiments(options.experimentPath, options.overrides, sweepId).map((each) => ({
    ...each,
    git: each.git && options.git,
  }));
  for (const experiment of experiments) options.check?.(experiment);
  const [first] = experiments;
  if (experiments.length === 1 && first !== undefined && options.queued !== true) {
    const run = RunDirectory.create(options.runsDir, sweepId, first);
    return { runs: [run], queued: false, sweep: undefined, child: startTraining(run, options) };
  }
  const ids = newIds(experiments.length);
  const runs = experiments.map((each, i) => enqueue(options.runsDir, ids[i]!, each));
  for (const device of new Set(experiments.map(({ engine }) => engine.device))) startQueue({ ...options, device });
  return { runs, queued: true, sweep: experiments.length > 1 ? sweepId : undefined };
}
