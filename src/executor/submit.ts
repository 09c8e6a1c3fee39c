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

/** What to train, and how. */
export interface Submission extends WorkerPlace {
  /** The experiment file. */
  experimentPath: string;
  runsDir: string;
  /** Whether runs may be committed. */
  git: boolean;
  /** Whether even a single run waits in the queue. */
  queued?: boolean;
  /** Settings that replace those of the file, as KEY=VALUE. */
  overrides?: readonly string[];
  /** Called for every run before any is started; throws if the run is not possible. */
  check?: (experiment: Experiment) => void;
}

/** Returns new run ids in ascending order, so that a sorted list of runs keeps the order of the sweep. */
function newIds(count: number): string[] {
  const now = new Date();
  const ids = new Set<string>();
  while (ids.size < count) ids.add(newRunId(now, () => randomBytes(4).readUInt32LE() / 2 ** 32));
  return [...ids].sort();
}

/**
 * Starts the run of an experiment file. Several runs (seeds, a sweep) are put into the queues of their devices, which
 * are started.
 * @returns the runs, and the sweep's id if there are several
 * @throws UserError when the experiment is invalid; nothing has been created then
 */
export function submitExperiment(options: Submission): {
  runs: RunDirectory[];
  queued: boolean;
  sweep: string | undefined;
  /** The worker of a single run that was started at once. */
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
