import { setPriority } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { phraseOf, UserError } from "../../base/errors.ts";
import { english, phrase, type Phrase } from "../../base/phrase.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { isAddress } from "../../run/files/trackerAddress.ts";
import type { TrackerPlaces } from "../../run/files/trackerPlaces.ts";
import { KeptUp } from "./keptUp.ts";
import { LiveMlflowFolder, LiveWandb } from "./liveFolder.ts";
import { LiveMlflowServer } from "./liveMlflowServer.ts";
import { LiveTensorboard } from "./liveTensorboard.ts";
import type { LiveTracker } from "./liveTracker.ts";

// A thread of the process that trains: it keeps trackers up to date until that process says that no more comes.

/** Milliseconds between two looks at the run. */
const INTERVAL = 5000;
/** A priority below that of training, and above what would never have its turn beside it. */
const LOWER = 10;

function trackersOf({ path }: RunDirectory, { tensorboard, mlflow, wandb }: TrackerPlaces): LiveTracker[] {
  const trackers: LiveTracker[] = [];
  if (tensorboard !== undefined) trackers.push(new LiveTensorboard(tensorboard));
  if (mlflow !== undefined)
    trackers.push(isAddress(mlflow) ? new LiveMlflowServer(mlflow, path) : new LiveMlflowFolder(mlflow));
  if (wandb !== undefined) trackers.push(new LiveWandb(wandb));
  return trackers;
}

/** Whether the run's journal tells of a trouble already, as an earlier start may have. */
function isKnown(run: RunDirectory, trouble: Phrase): boolean {
  try {
    return run.record().warnings.includes(english(trouble));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return false;
  }
}

/** Keeps the trackers up to date until `ended` is aborted, and then once more. */
async function keepUp(run: RunDirectory, places: TrackerPlaces, ended: AbortSignal): Promise<void> {
  const told = new Set<string>();
  const tell = (tracker: string, error: unknown): void => {
    if (told.has(tracker)) return;
    told.add(tracker);
    const trouble = phrase`${tracker} is not kept up to date: ${phraseOf(error)}`;
    parentPort?.postMessage({ trouble, isKnown: isKnown(run, trouble) });
  };
  const kept = trackersOf(run, places).map((tracker) => new KeptUp(run, tracker, tell));
  for (let isLast = false; !isLast;) {
    isLast = ended.aborted;
    for (const each of kept) await each.update(isLast);
    if (!isLast) await pause(INTERVAL, undefined, { signal: ended }).catch(() => undefined);
  }
}

if (!isMainThread) {
  const { runPath, places } = workerData as { runPath: string; places: TrackerPlaces };
  const end = new AbortController();
  // On Linux the priority is the thread's own; elsewhere it would be that of the process that trains.
  if (process.platform === "linux") setPriority(0, LOWER);
  parentPort?.once("message", () => {
    end.abort();
  });
  await keepUp(RunDirectory.open(runPath), places, end.signal);
  parentPort?.close();
}
