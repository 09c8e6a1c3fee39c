import { isLive, isWaiting } from "../../src/record/record.ts";
import type { RunEvent } from "../../src/record/events.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { JournalTail } from "../../src/run/journal/journalTail.ts";
import { CHECKPOINT, type Blow, type When } from "./clusterPlan.ts";
import { pause } from "./workspace.ts";

const POLL = 20;
/** Milliseconds that a moment is waited for. */
const PATIENCE = 30_000;

/** Which event of a run is its moment. */
const FITS: Readonly<Record<Exclude<When, "some time" | "waiting in the queue">, (event: RunEvent) => boolean>> = {
  "a task's start": (event) => event.type === "status" && event.status === "preparing",
  "a checkpoint": (event) => event.type === "step" && event.step % CHECKPOINT === 0,
  "a run's end": (event) => event.type === "status" && event.status === "evaluating",
};

/** The runs for which more is to come without a person's word. */
export const openRuns = (runs: readonly RunDirectory[]): RunDirectory[] =>
  runs.filter((run) => {
    const record = run.record();
    return isLive(record.status) || isWaiting(record);
  });

/**
 * Waits for the moment of a blow.
 * @returns the run that it meets, and which moment it has become; undefined where all runs are over
 */
export async function momentOf(
  { when, victim, delay }: Blow,
  runs: readonly RunDirectory[],
): Promise<{ run: RunDirectory; when: When } | undefined> {
  const found = when === "some time" ? undefined : await fitting(when, { victim, runs });
  await pause(delay);
  if (found !== undefined) return { run: found, when };
  const open = openRuns(runs);
  const working = open.filter((run) => isLive(run.record().status));
  const choice = working.length > 0 ? working : open;
  const run = choice[victim % choice.length];
  return run && { run, when: "some time" };
}

async function fitting(
  when: Exclude<When, "some time">,
  { victim, runs }: { victim: number; runs: readonly RunDirectory[] },
): Promise<RunDirectory | undefined> {
  const tails = runs.map((run) => ({ run, tail: new JournalTail(run.path) }));
  // What was before is no moment.
  for (const { tail } of tails) tail.read();
  for (let waited = 0; waited < PATIENCE; waited += POLL) {
    if (waited % (POLL * 25) === 0) {
      const open = openRuns(runs);
      if (open.length === 0) return undefined;
      const waiting = when === "waiting in the queue" ? open.filter((run) => isWaiting(run.record())) : [];
      if (waiting.length > 0) return waiting[victim % waiting.length];
    }
    if (when !== "waiting in the queue") {
      const reached = tails.filter(({ tail }) => tail.read().some(FITS[when]));
      if (reached.length > 0) return reached[victim % reached.length]!.run;
    }
    await pause(POLL);
  }
  return undefined;
}
