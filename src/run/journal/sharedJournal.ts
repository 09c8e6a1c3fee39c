import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Annotation, NewRunEvent } from "../../record/events.ts";
import { isLive } from "../../record/record.ts";
import { dropLease, isLost, isOwnLease, takeLease } from "../lease/lease.ts";
import { askAnew, putPost, readPosts } from "./inbox.ts";
import { goneError, Journal, refuseNewerJournal } from "./journal.ts";
import { journalPath } from "./journalLines.ts";
import { readRecord } from "./readJournal.ts";

/** The lease of a run: who holds it is the journal's one writer. */
export const runLeasePath = (runPath: string): string => join(runPath, "lease");

/** How often an inbox is looked at again after the lease was given back. */
const MOST_ROUNDS = 3;

/**
 * Writes to the journal of a run for a process that does not train it. If nobody holds the run's lease, this process
 * takes it for a moment and appends; otherwise the event goes to the run's inbox, from which the holder takes it, and
 * where readers find it at once.
 */
export class SharedJournal {
  /** @throws UserError when the run is gone, or a newer version has written to it */
  constructor(private readonly runPath: string) {
    if (!existsSync(journalPath(runPath))) throw goneError(runPath);
    refuseNewerJournal(runPath);
  }

  /**
   * Appends an event, or puts it into the inbox.
   * @throws UserError when the folder cannot be written or the disk is full
   */
  append(event: NewRunEvent): void {
    if (this.whileHeld([event])) return;
    putPost(this.runPath, event);
    // The holder may have looked at the inbox for the last time before the event was there.
    deliverPosts(this.runPath);
  }

  /** Appends what the inbox has and then `events`, if the run's lease is free or this process's. */
  whileHeld(events: readonly NewRunEvent[]): boolean {
    // A lease would bring the folder of a deleted run back.
    if (!existsSync(journalPath(this.runPath))) throw goneError(this.runPath);
    const lease = runLeasePath(this.runPath);
    if (isOwnLease(lease)) {
      this.write(events);
      return true;
    }
    // The lease of a worker that has died shows its death until that is recorded.
    if (isLost(lease) && isLive(readRecord(this.runPath).record.status)) return false;
    if (!takeLease(lease, process.pid, { brief: true })) return false;
    try {
      this.write(events);
    } finally {
      dropLease(lease);
    }
    return true;
  }

  private write(events: readonly NewRunEvent[]): void {
    // Opened anew each time: on a network file system only a file that is opened shows what others have appended.
    const journal = new Journal(this.runPath, "reopen");
    try {
      journal.takeIn();
      for (const event of events) journal.append(event);
    } finally {
      journal.close();
    }
  }
}

/**
 * Takes what is in a run's inbox into its journal, if nobody holds the run's lease. Call it after giving a lease back,
 * and after putting something into the inbox: of the two the later one finds it.
 * @throws UserError when the journal cannot be written
 */
export function deliverPosts(runPath: string): void {
  askAnew(runPath);
  for (let round = 0; round < MOST_ROUNDS && readPosts(runPath).length > 0; round++)
    if (!existsSync(journalPath(runPath)) || !new SharedJournal(runPath).whileHeld([])) return;
}

/**
 * Adds events to a run of which this process is not the worker.
 * @throws UserError as `SharedJournal`
 */
export function postEvents(runPath: string, ...events: readonly NewRunEvent[]): void {
  const journal = new SharedJournal(runPath);
  for (const event of events) journal.append(event);
}

/**
 * Adds what a person says of a run.
 * @throws UserError as `SharedJournal`
 */
export function annotateRun(runPath: string, annotation: Annotation): void {
  postEvents(runPath, { type: "annotated", ...annotation });
}
