import { basename } from "node:path";
import { phrase, said, type Phrase } from "../../base/phrase.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { PreparationStopped, type DataProgress } from "../../training/data/preparing.ts";
import { prepare, type Prepared } from "../../training/prepare.ts";
import { leftEvent } from "./leftRun.ts";
import type { TrainJob } from "./trainOptions.ts";

/**
 * What is told of the reading of a file: each tenth of it, or each 100 MB of a packed one, and no more than one line in
 * so many ms.
 */
const SHARE = 0.1;
const UNPACKED = 1e8;
const PAUSE = 1000;

const progressText = ({ path, done, total }: DataProgress): Phrase =>
  total === undefined
    ? phrase`Reading ${basename(path)}: ${bytesText(done)} unpacked`
    : phrase`Reading ${basename(path)}: ${Math.round((done / Math.max(1, total)) * 100)} %`;

/** Tells in the journal how much of each file is read; of a file that is read in a moment, nothing. */
function progressIn(emit: TrainJob["emit"], now: () => number): (progress: DataProgress) => void {
  let last = { path: "", part: 0, at: now() };
  return (progress) => {
    const { path, done, total } = progress;
    const part = done / (total === undefined ? UNPACKED : Math.max(1, total) * SHARE);
    const at = now();
    if (path !== last.path) last = { path, part: 0, at: last.at };
    if (at - last.at < PAUSE || part - last.part < 1) return;
    last = { path, part, at };
    emit({ type: "status", status: "preparing", pid: process.pid, ...said(progressText(progress)) });
  };
}

/**
 * Prepares a run, with its progress in the journal.
 * @returns undefined where it was asked to stop meanwhile: nothing was trained, and the run can be resumed
 */
export async function watchedPreparation(
  { emit, stopRequested, leaves, options }: TrainJob,
  experiment: Experiment,
): Promise<Prepared | undefined> {
  try {
    return await prepare(experiment, { progress: progressIn(emit, () => performance.now()), stopRequested });
  } catch (error) {
    if (!(error instanceof PreparationStopped)) throw error;
    emit(leaves() ? leftEvent(options.request.job) : { type: "status", status: "stopped" });
    return undefined;
  }
}
