import { nextStart } from "../../record/admittedStart.ts";
import type { Waiting } from "../queuedRuns.ts";
import { pointerOf, SubmissionFolder, type Task } from "./submission.ts";
import { fruitlessJobs } from "./verdict.ts";
import { dirname } from "node:path";

/** The last task of a run; undefined where it was never submitted. */
export function lastTask({ run }: Pick<Waiting, "run">): Task | undefined {
  const pointer = pointerOf(run);
  if (pointer === undefined) return undefined;
  return new SubmissionFolder(dirname(run.path), pointer.submission).intent()?.tasks[pointer.index];
}

/** The task that a run becomes when it is submitted now. */
export function taskOf({ run, record }: Waiting): Task {
  const before = lastTask({ run });
  const { checkpointStep: from = 0 } = record;
  // A person who resumes a run that has ended begins to count anew.
  const goesOn = before !== undefined && record.status === "interrupted";
  return { run: run.id, start: nextStart(record), from, fruitless: goesOn ? fruitlessJobs(record, before) : 0 };
}
