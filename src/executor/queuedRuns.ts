import type { Experiment } from "../experiment/experiment.ts";
import { isWaiting, type RunRecord } from "../record/record.ts";
import { announceRun, Journal } from "../run/journal/journal.ts";
import { readRuns, type OnUnusableRun, type ReadRun } from "../run/directory/runList.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";

/** Makes the run's directory with the status "queued". */
export function enqueue(runsDir: string, id: string, experiment: Experiment): RunDirectory {
  const run = RunDirectory.create(runsDir, id, experiment);
  const journal = new Journal(run.path);
  try {
    announceRun(id, experiment, journal);
    journal.append({ type: "status", status: "queued" });
  } finally {
    journal.close();
  }
  return run;
}

/** Takes a run that still waits out of the queue. */
export function dequeue(run: RunDirectory): void {
  const journal = new Journal(run.path);
  try {
    journal.append({ type: "status", status: "stopped", message: "Taken out of the queue." });
  } finally {
    journal.close();
  }
}

/**
 * The queue that a run waits in: that of the device its experiment names; one whose device is to be chosen, or was,
 * waits until nothing trains.
 */
export const queueOf = (run: RunDirectory, { engine }: RunRecord): string =>
  engine === undefined ? run.experiment().engine.device : "auto";

export interface Waiting extends ReadRun {
  index: number;
  device: string;
}

/** A run that cannot be read holds no other up; whoever lists runs tells of it. */
export const passOver: OnUnusableRun = () => {
  /* see listRuns' other readers */
};

/** Every run that waits. One whose experiment is damaged is not among them. */
function allWaiting(runsDir: string): Waiting[] {
  return readRuns(runsDir, passOver)
    .filter(({ run, record }) => isWaiting(record) && run.experimentError() === undefined)
    .map(({ run, record }) => ({
      run,
      record,
      index: run.experiment().part?.index ?? 0,
      device: queueOf(run, record),
    }));
}

/** Runs that wait in a device's queue, in the order they were asked for; one that was interrupted goes first. */
export function waitingRuns(runsDir: string, device: string): Waiting[] {
  const rank = ({ record }: { record: RunRecord }): number => (record.status === "interrupted" ? 0 : 1);
  return allWaiting(runsDir)
    .filter((each) => each.device === device)
    .sort(
      (a, b) =>
        b.record.priority - a.record.priority ||
        rank(a) - rank(b) ||
        a.record.createdAt - b.record.createdAt ||
        a.index - b.index,
    );
}

/** The devices that runs wait for. */
export const waitingDevices = (runsDir: string): string[] => [
  ...new Set(allWaiting(runsDir).map(({ device }) => device)),
];
