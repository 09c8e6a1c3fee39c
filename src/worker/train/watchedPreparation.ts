import { basename } from "node:path";
import { phrase, said } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { PreparationStopped, type DataProgress } from "../../training/data/preparing.ts";
import { prepare, type Prepared } from "../../training/prepare.ts";
import type { TrainJob } from "./trainOptions.ts";

/** What is told of the reading of a file: each tenth of it, and no more than one line in so many ms. */
const SHARE = 0.1;
const PAUSE = 1000;

/** Tells in the journal how much of each file is read; of a file that is read in a moment, nothing. */
function progressIn(emit: TrainJob["emit"], now: () => number): (progress: DataProgress) => void {
  let last = { path: "", share: 0, at: now() };
  return ({ path, done, total }) => {
    const share = total === 0 ? 1 : done / total;
    const at = now();
    if (path !== last.path) last = { path, share: 0, at: last.at };
    if (at - last.at < PAUSE || share - last.share < SHARE) return;
    last = { path, share, at };
    emit({
      type: "status",
      status: "preparing",
      pid: process.pid,
      ...said(phrase`Reading ${basename(path)}: ${Math.round(share * 100)} %`),
    });
  };
}

/**
 * Prepares a run, with its progress in the journal.
 * @returns undefined where it was asked to stop meanwhile: nothing was trained, and the run can be resumed
 */
export async function watchedPreparation(
  { emit, stopRequested }: TrainJob,
  experiment: Experiment,
): Promise<Prepared | undefined> {
  try {
    return await prepare(experiment, { progress: progressIn(emit, () => performance.now()), stopRequested });
  } catch (error) {
    if (!(error instanceof PreparationStopped)) throw error;
    emit({ type: "status", status: "stopped" });
    return undefined;
  }
}
