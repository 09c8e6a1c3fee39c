import { statSync } from "node:fs";
import type { Experiment } from "../experiment/experiment.ts";
import { executorKind } from "../experiment/executorSpec.ts";
import { queueName } from "../experiment/queueName.ts";
import { phrase, said, type Phrase } from "../base/phrase.ts";
import { isOpen, isOver, isWaiting, type RunRecord } from "../record/record.ts";
import { announceRun, Journal } from "../run/journal/journal.ts";
import { journalPath } from "../run/journal/journalLines.ts";
import { readRuns, type OnUnusableRun, type ReadRun } from "../run/directory/runList.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import type { TrackerPlaces } from "../run/files/trackerPlaces.ts";
import { writeUnderLease } from "../run/directory/writeUnderLease.ts";

/** Creates the folder of a run, with the status "queued". @param trackers where it is kept while it trains */
export function enqueue(runsDir: string, id: string, experiment: Experiment, trackers?: TrackerPlaces): RunDirectory {
  const run = RunDirectory.create(runsDir, id, experiment, trackers);
  const journal = new Journal(run.path);
  try {
    announceRun(id, experiment, journal);
    journal.append({ type: "status", status: "queued" });
  } finally {
    journal.close();
  }
  return run;
}

/**
 * Ends a run that waits, before a worker begins it. This uses up the number of its next start: a worker that a queue
 * has started meanwhile does not begin.
 * @returns whether it ended the run: not if a worker has begun it
 */
export function endWaiting(run: RunDirectory, status: "stopped" | "failed", why: Phrase): boolean {
  return writeUnderLease(run, (record) => (isWaiting(record) ? [{ type: "status", status, ...said(why) }] : []));
}

/** Takes a waiting run out of the queue. One that a worker has begun meanwhile is asked to stop. */
export function dequeue(run: RunDirectory): void {
  if (!endWaiting(run, "stopped", phrase`Taken out of the queue.`) && isOpen(run.record().status)) run.requestStop();
}

/** The name of what holds the runs that wait for a cluster, beside the queues of this machine's devices. */
export const SLURM_QUEUE = "slurm";

/**
 * Returns the name of the queue of a run, by the device that its experiment names. A run whose device is chosen by
 * measurement is in the queue "auto", which waits until no run is in training. A cluster's run is in no queue of here.
 */
export function queueOf(run: RunDirectory, { engine }: RunRecord): string {
  const experiment = run.experiment();
  if (executorKind(experiment) === "slurm") return SLURM_QUEUE;
  return engine === undefined ? queueName(experiment.engine) : "auto";
}

/** A run that waits in a queue. */
export interface Waiting extends Omit<ReadRun, "size"> {
  /** Its place in its sweep. */
  index: number;
  /** The queue that it waits in. */
  device: string;
}

/** Ignores unreadable runs: they must not hold up the queue, and the commands that list runs report them. */
export const ignoreUnreadable: OnUnusableRun = () => {
  /* nothing to do */
};

/** The size of the journal of each run that was found to be over, by its path. */
const sizesWhenOver = new Map<string, number>();

/**
 * Returns the readable runs that may wait. Who polls does not read again what has ended: a run is begun anew by a line
 * in its journal.
 */
function notOver(runsDir: string): ReadRun[] {
  const sizes = new Map<string, number>();
  const isNew = ({ path }: RunDirectory): boolean => {
    sizes.set(path, statSync(journalPath(path), { throwIfNoEntry: false })?.size ?? 0);
    return sizesWhenOver.get(path) !== sizes.get(path);
  };
  const read = readRuns(runsDir, ignoreUnreadable, isNew);
  for (const { run, record } of read) if (isOver(record.status)) sizesWhenOver.set(run.path, sizes.get(run.path)!);
  return read;
}

const rank = ({ record }: Waiting): number => (record.status === "interrupted" ? 0 : 1);

/**
 * Returns those of some runs that wait in a queue, in the order in which they will be started: by priority, interrupted
 * ones first, then as they were submitted. A run with a damaged experiment cannot be started and is left out.
 */
export function waitingAmong(read: readonly Pick<ReadRun, "run" | "record">[]): Waiting[] {
  return read
    .filter(({ run, record }) => isWaiting(record) && run.experimentError() === undefined)
    .map(({ run, record }) => ({
      run,
      record,
      index: run.experiment().part?.index ?? 0,
      device: queueOf(run, record),
    }))
    .sort(
      (a, b) =>
        b.record.priority - a.record.priority ||
        rank(a) - rank(b) ||
        a.record.createdAt - b.record.createdAt ||
        a.index - b.index,
    );
}

/** Returns the runs that wait in a queue, as `waitingAmong`. */
export const waitingRuns = (runsDir: string, device: string): Waiting[] =>
  waitingAmong(notOver(runsDir)).filter((each) => each.device === device);
