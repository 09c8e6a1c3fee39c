import { Worker } from "node:worker_threads";
import { phraseOf } from "../../base/errors.ts";
import { english, phrase, type Phrase } from "../../base/phrase.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { placesOf, type TrackerPlaces } from "../../run/files/trackerPlaces.ts";

/** What keeps trackers up to date. Only a run with trackers loads it. */
const LIVE = new URL(
  import.meta.url.endsWith(".ts") ? "../../tracker/live/liveThread.ts" : "./live.js",
  import.meta.url,
);

/** How long (ms) the end of a process waits for its trackers; one that leaves its run soon meets SIGKILL. */
const END_MS = 20_000;
const LEAVING_MS = 3000;
/** Memory in MB that the thread's objects may take. */
const MOST_MB = 1024;

/** What keeps a run's trackers up to date while this process trains it. */
export interface LiveTrackers {
  /** What went wrong since the last call, to be told in the journal. */
  takeTroubles(): Phrase[];
  /** Has trackers brought up to the run's last event, for some seconds at most. */
  end(isLeaving: boolean): Promise<void>;
}

const NONE: LiveTrackers = { takeTroubles: () => [], end: () => Promise.resolve() };

/** What one start tells of its trackers: at once in its log, and in the journal what the journal has not yet. */
class Troubles {
  private waiting: Phrase[] = [];

  add(trouble: Phrase, isKnown = false): void {
    console.error(english(trouble));
    if (!isKnown) this.waiting.push(trouble);
  }

  take(): Phrase[] {
    const taken = this.waiting;
    this.waiting = [];
    return taken;
  }
}

/** A thread of its own reads the journal and writes for the trackers, so that no step waits for it. */
function startThread(runPath: string, places: TrackerPlaces, troubles: Troubles): LiveTrackers {
  const thread = new Worker(LIVE, {
    workerData: { runPath, places },
    resourceLimits: { maxOldGenerationSizeMb: MOST_MB },
  });
  thread.unref();
  const exited = new Promise<void>((resolve) => {
    thread.once("exit", () => {
      resolve();
    });
  });
  thread.on("message", ({ trouble, isKnown }: { trouble: Phrase; isKnown: boolean }) => {
    troubles.add(trouble, isKnown);
  });
  thread.on("error", (error) => {
    troubles.add(phrase`Trackers are no longer kept up to date: ${phraseOf(error)}`);
  });
  const end = async (isLeaving: boolean): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, isLeaving ? LEAVING_MS : END_MS, "late");
    });
    thread.postMessage("end");
    if ((await Promise.race([exited, late])) === "late") {
      troubles.add(phrase`Trackers lack what came last: there was no time left. adept export writes it`);
      await thread.terminate();
    }
    clearTimeout(timer);
  };
  return { takeTroubles: () => troubles.take(), end };
}

/**
 * Keeps a run up to date in the trackers that were named for it, if there are any. Whatever becomes of them, the run
 * goes on.
 */
export function liveTrackers(run: RunDirectory): LiveTrackers {
  const troubles = new Troubles();
  try {
    const places = placesOf(run.path);
    if (Object.keys(places).length === 0) return NONE;
    for (const [tracker, place] of Object.entries(places)) console.error(`kept up to date: ${tracker} in ${place}`);
    return startThread(run.path, places, troubles);
  } catch (error) {
    troubles.add(phrase`Trackers are not kept up to date: ${phraseOf(error)}`);
    return { ...NONE, takeTroubles: () => troubles.take() };
  }
}
