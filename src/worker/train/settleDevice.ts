import { settled } from "../../engine/engineSpec.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { chooseDevice } from "../device/chooseDevice.ts";

const LOOK_MS = 200;

/**
 * Chooses a device for the run's experiment where it has none, and writes it into the experiment, so that resume,
 * analyses and reproduction use the same.
 */
export async function settleDevice(
  run: RunDirectory,
  { emit, stopRequested }: { emit: (event: NewRunEvent) => void; stopRequested: () => boolean },
): Promise<Experiment> {
  const experiment = run.experiment();
  const stop = new AbortController();
  if (experiment.engine.device !== "auto") return experiment;
  const look = setInterval(() => {
    if (stopRequested()) stop.abort();
  }, LOOK_MS);
  try {
    const choice = await chooseDevice(experiment, { signal: stop.signal });
    // A run that is stopped here makes no step, and chooses a device when it is resumed.
    if (choice === undefined) return { ...experiment, engine: settled(experiment.engine) };
    // The event comes before the experiment is written: a run that is ended in between chooses again.
    const { engine, name, measured } = choice;
    emit({ type: "engine", device: engine.device, name, measured });
    return run.change({ engine });
  } finally {
    clearInterval(look);
  }
}
