import type { RunEvent } from "../../record/events.ts";
import { applyEvent, foldEvents } from "../../record/foldEvents.ts";
import type { RunRecord } from "../../record/record.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { JournalTail } from "../../run/journal/journalTail.ts";
import type { RunSource } from "../trackedRun.ts";

/** Follows what a run says of itself, from its journal: never in the way of the process that trains. */
export class RunFollower {
  private tail: JournalTail;
  private record: RunRecord = foldEvents([]);

  constructor(private readonly run: RunDirectory) {
    this.tail = new JournalTail(run.path);
  }

  /** The run with the events alone that have come since the last call of this or of `whole`. */
  added(): RunSource {
    const events: RunEvent[] = [];
    for (let before = -1; this.tail.size > before;) {
      before = this.tail.size;
      for (const event of this.tail.read()) {
        events.push(event);
        this.record = applyEvent(this.record, event);
      }
    }
    const { id } = this.run;
    return { id, experiment: this.run.experiment(), record: this.record, events };
  }

  /** The run with all of its events. @throws UserError where it cannot be read */
  whole(): RunSource {
    this.tail = new JournalTail(this.run.path);
    this.record = foldEvents([]);
    return this.added();
  }
}
