import type { ChildProcess } from "node:child_process";
import { queueName } from "../experiment/queueName.ts";
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
  runsDir: string;
  /** Whether runs may be committed. */
  git: boolean;
  /** Whether even a single run waits in the queue. */
  queued?: boolean;
}

/** Returns new run ids in ascending order, so that a sorted list of runs keeps the order of the sweep. */
function newIds(count: number): string[] {
  const now = new Date();
  const ids = new Set<string>();
  while (ids.size < count) ids.add(newRunId(now, () => randomBytes(4).readUInt32LE() / 2 ** 32));
  return [...ids].sort();
}

/** The runs of a submission. */
export interface Submitted {
  runs: RunDirectory[];
  queued: boolean;
  /** The sweep's id if there are several runs. */
  sweep: string | undefined;
  /** The worker of a single run that was started at once. */
  child?: ChildProcess;
}

/** Returns the id for the runs of one submission: of their sweep, or of the only run. */
export const newSubmissionId = (): string => newIds(1)[0]!;

/**
 * Starts the runs of an experiment file. Several runs (seeds, a sweep) are put into the queues of their devices, which
 * are started.
 * @param id the submission's id, with which the runs were read
 */
export function submitRuns(experiments: readonly Experiment[], id: string, options: Submission): Submitted {
  const allowed = experiments.map((each) => ({ ...each, git: each.git && options.git }));
  const [first] = allowed;
  if (allowed.length === 1 && first !== undefined && options.queued !== true) {
    const run = RunDirectory.create(options.runsDir, id, first);
    return { runs: [run], queued: false, sweep: undefined, child: startTraining(run, options) };
  }
  const ids = newIds(allowed.length);
  const runs = allowed.map((each, i) => enqueue(options.runsDir, ids[i]!, each));
  for (const device of new Set(allowed.map(({ engine }) => queueName(engine)))) startQueue({ ...options, device });
  return { runs, queued: true, sweep: allowed.length > 1 ? id : undefined };
}

/**
 * Reads an experiment file and starts its runs. Whoever calls it has checked the file's data and methods.
 * @throws UserError when the experiment is invalid; nothing has been created then
 */
export function submitExperiment(experimentPath: string, options: Submission): Submitted {
  const id = newSubmissionId();
  return submitRuns(readExperiments(experimentPath, [], id), id, options);
}
