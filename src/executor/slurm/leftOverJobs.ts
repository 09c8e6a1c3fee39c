import { join } from "node:path";
import { isOver } from "../../record/record.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { neverStarts } from "./refusal.ts";
import type { Seen } from "./seen.ts";
import { meaningOf } from "./states.ts";
import { pointerOf, SubmissionFolder, type Intent } from "./submission.ts";

/** Whether a run has nothing left to do for a task of a submission: it has ended, or has been submitted anew. */
function isLeftOver(run: RunDirectory, submission: string, index: number): boolean {
  const pointer = pointerOf(run);
  const isMeant = pointer?.submission === submission && pointer.index === index;
  return !isMeant || isOver(run.record().status);
}

/**
 * The jobs that Slurm holds, by its last answer, and that have nothing left to do. A controller that was killed may
 * start a job twice, and then holds it for good; one that is not held starts, finds nothing to do, and ends.
 * @returns the jobs as Slurm's commands take them
 */
export function leftOverJobs(runsDir: string, { tasks }: Seen): string[] {
  const intents = new Map<string, Intent | undefined>();
  return Object.entries(tasks).flatMap(([name, { job, state, reason, missing }]) => {
    const isHeld = meaningOf(state, true) === "waiting" && neverStarts(reason) !== undefined;
    if (!isHeld || missing !== undefined) return [];
    // Jobs of other folders are in the answer too, and have no submission here.
    const [id = "", index = ""] = name.split("/");
    if (!intents.has(id)) intents.set(id, new SubmissionFolder(runsDir, id).intent());
    const intent = intents.get(id);
    const task = intent?.tasks[Number(index)];
    if (intent === undefined || task === undefined) return [];
    const run = RunDirectory.find(join(intent.runsDir, task.run));
    return run !== undefined && isLeftOver(run, id, Number(index)) ? [job] : [];
  });
}
