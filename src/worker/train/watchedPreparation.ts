import { basename } from "node:path";
import type { CopyProgress } from "../../backbone/files/copySteps.ts";
import { phrase, said, type Phrase } from "../../base/phrase.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { PreparationStopped, type DataProgress, type Preparing } from "../../training/data/preparing.ts";
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

type Progress = DataProgress | CopyProgress;

const percentOf = (done: number, total: number): number => Math.round((done / Math.max(1, total)) * 100);

/** What is told of a copy of weights. */
function copyText({ path, doing, done, total }: CopyProgress): Phrase {
  const [name, percent, part, whole] = [basename(path), percentOf(done, total), bytesText(done), bytesText(total)];
  switch (doing) {
    case "hashing":
      return phrase`Reading ${name} for its copy in the cache: ${percent} %, ${part} of ${whole}`;
    case "copying":
      return phrase`Copying the weights of ${name} into the cache: ${percent} %, ${part} of ${whole}`;
    case "checking":
      return phrase`Checking the copy of ${name} in the cache: ${percent} %, ${part} of ${whole}`;
  }
}

function progressText(progress: Progress): Phrase {
  if ("doing" in progress) return copyText(progress);
  const { path, done, total } = progress;
  return total === undefined
    ? phrase`Reading ${basename(path)}: ${bytesText(done)} unpacked`
    : phrase`Reading ${basename(path)}: ${percentOf(done, total)} %`;
}

/** Tells how much of each file is read or copied; of what is done in a moment, nothing. @param now in ms */
export function toldProgress(tell: (text: Phrase) => void, now: () => number): (progress: Progress) => void {
  let last = { what: "", part: 0, at: now() };
  return (progress) => {
    const { path, done, total } = progress;
    const what = "doing" in progress ? `${progress.doing} ${path}` : path;
    const part = done / (total === undefined ? UNPACKED : Math.max(1, total) * SHARE);
    const at = now();
    if (what !== last.what) last = { what, part: 0, at: last.at };
    if (at - last.at < PAUSE || part - last.part < 1) return;
    last = { what, part, at };
    tell(progressText(progress));
  };
}

/** Tells the progress of a job's preparation in its journal, and ends it where the job is asked to stop. */
export const watchedBy = ({ emit, stopRequested }: TrainJob): Preparing => ({
  progress: toldProgress(
    (text) => {
      emit({ type: "status", status: "preparing", pid: process.pid, ...said(text) });
    },
    () => performance.now(),
  ),
  stopRequested,
});

/**
 * Prepares a run, with its progress in the journal.
 * @returns undefined where it was asked to stop meanwhile: nothing was trained, and the run can be resumed
 */
export async function watchedPreparation(job: TrainJob, experiment: Experiment): Promise<Prepared | undefined> {
  const { emit, leaves, options } = job;
  try {
    return await prepare(experiment, watchedBy(job));
  } catch (error) {
    if (!(error instanceof PreparationStopped)) throw error;
    emit(leaves() ? leftEvent(options.request.job) : { type: "status", status: "stopped" });
    return undefined;
  }
}
