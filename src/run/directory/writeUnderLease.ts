import type { NewRunEvent } from "../../record/events.ts";
import type { RunRecord } from "../../record/record.ts";
import { appendEvents } from "../journal/journal.ts";
import { deliverPosts } from "../journal/sharedJournal.ts";
import type { RunDirectory } from "./runDirectory.ts";

/** How often, and at which interval in ms, a lease is tried that another process holds for a moment. */
const TRIES = 10;
const WAIT_MS = 20;

const sleep = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/**
 * Changes the state of a run of which no worker is at work: reads its record under its lease, so that no worker begins
 * meanwhile, and appends to its journal what follows from it.
 * @param change gets the record, and returns the events; none leave the run as it is
 * @param still the content of a lease whose holder is known to have ended, though it seems to live
 * @returns whether something was written: not if a worker (of this process too) has the run, or its folder is gone
 * @throws UserError when the journal cannot be read or written
 */
export function writeUnderLease(
  run: RunDirectory,
  change: (record: RunRecord) => readonly NewRunEvent[],
  still?: string,
): boolean {
  // A lease would bring the folder of a deleted run back.
  if (!run.hasJournal() || run.ownsLease()) return false;
  for (let attempt = 1; !run.acquireLease(process.pid, { brief: true, still }); attempt++) {
    if (attempt === TRIES || run.isWorkerAlive()) return false;
    sleep(WAIT_MS);
  }
  try {
    const events = change(run.record());
    if (events.length > 0) appendEvents(run.path, ...events);
    return events.length > 0;
  } finally {
    run.releaseLease();
    deliverPosts(run.path);
  }
}
