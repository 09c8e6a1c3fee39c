import type { RunEvent } from "../../record/events.ts";
import { trackedRun, type RunSource, type TrackedRun } from "../trackedRun.ts";

/** What has come of a run since a tracker was last brought up to it. */
export interface Change {
  /** The run with what has come alone; undefined where the tracker has to look at the whole run. */
  added: RunSource | undefined;
  /** Reads the whole run. */
  whole: () => RunSource;
  /** Whether no more will come from this process. */
  isLast: boolean;
}

/** A tracker that is kept up to date while a run trains. */
export interface LiveTracker {
  /** Its name among the settings. */
  readonly name: "tensorboard" | "mlflow" | "wandb";
  /** Whether it writes the whole run each time, so that it pauses longer the longer the run is. */
  readonly writesWhole: boolean;
  /** @throws UserError where the tracker cannot take it; the next change has then no `added` */
  bring(change: Change): Promise<void>;
}

/** A run as a live tracker shows it: one that was interrupted goes on, and has not ended. */
export function liveRun(source: RunSource): TrackedRun {
  const run = trackedRun(source);
  return source.record.status === "interrupted" ? { ...run, endedAt: undefined } : run;
}

/**
 * Whether events say again what was said before, as those of a resumed run do; or change what stands before all values.
 * Everything is then to be looked at.
 */
export class Repeats {
  private step = 0;
  private readonly evaluations = new Set<string>();

  /** @param events all that the tracker has so far */
  constructor(events: readonly RunEvent[]) {
    for (const event of events) this.takes(event);
  }

  /** Takes in events. @returns whether one of them is no plain addition */
  any(events: readonly RunEvent[]): boolean {
    return events.filter((event) => !this.takes(event)).length > 0;
  }

  private takes(event: RunEvent): boolean {
    if (event.type === "plan" || event.type === "created" || event.type === "engine") return false;
    if (event.type === "step") {
      const isNew = event.step > this.step;
      this.step = event.step;
      return isNew;
    }
    if (event.type !== "evaluation") return true;
    const key = JSON.stringify([event.step, event.split, event.label]);
    const isNew = !this.evaluations.has(key);
    this.evaluations.add(key);
    return isNew;
  }
}
