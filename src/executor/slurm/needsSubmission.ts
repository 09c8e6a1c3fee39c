import type { Waiting } from "../queuedRuns.ts";
import { settle } from "./settle.ts";
import { lookAtRuns } from "./lookAtRuns.ts";

/**
 * Of runs that wait, those that are to be submitted: they have no job, or theirs has ended and they are to go on.
 * Where Slurm does not answer, a run with a job keeps it.
 * @param maxAge milliseconds that squeue's last answer may be old
 */
export async function needsSubmission(waiting: readonly Waiting[], maxAge: number): Promise<Waiting[]> {
  const where = await lookAtRuns(
    waiting.map(({ run }) => run),
    maxAge,
  );
  // The end of a job changes the record, by which the next one is made.
  return waiting
    .filter(({ run }) => !where.has(run.id) || settle(run, where.get(run.id)))
    .map((each) => ({ ...each, record: each.run.record() }));
}
