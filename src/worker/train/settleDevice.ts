import { settled } from "../../engine/engineSpec.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { copiedWeights } from "../../training/copiedWeights.ts";
import { PreparationStopped, type Preparing } from "../../training/data/preparing.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { chooseDevice } from "../device/chooseDevice.ts";

const LOOK_MS = 200;

/** A run that is stopped while its device is chosen makes no step, and chooses one when it is resumed. */
const unsettled = (experiment: Experiment): Experiment => ({ ...experiment, engine: settled(experiment.engine) });

/**
 * Chooses a device for the run's experiment where it has none, and writes it into the experiment, so that resume,
 * analyses and reproduction use the same.
 */
export async function settleDevice(
  run: RunDirectory,
  { emit, preparing }: { emit: (event: NewRunEvent) => void; preparing: Preparing },
): Promise<Experiment> {
  const experiment = run.experiment();
  const stop = new AbortController();
  if (experiment.engine.device !== "auto") return experiment;
  const ready = (): Promise<void> => copiedWeights(experiment, preparing);
  const look = setInterval(() => {
    if (preparing.stopRequested()) stop.abort();
  }, LOOK_MS);
  try {
    const choice = await chooseDevice(experiment, { signal: stop.signal, ready });
    if (choice === undefined) return unsettled(experiment);
    // The event comes before the experiment is written: a run that is ended in between chooses again.
    const { engine, name, measured } = choice;
    emit({ type: "engine", device: engine.device, name, measured });
    return run.change({ engine });
  } catch (error) {
    if (error instanceof PreparationStopped) return unsettled(experiment);
    throw error;
  } finally {
    clearInterval(look);
  }
}
