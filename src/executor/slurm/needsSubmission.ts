import type { Waiting } from "../queuedRuns.ts";
import { settle } from "./settle.ts";
import { lookAtRuns } from "./lookAtRuns.ts";

/** How old (ms) squeue's answer may be for the question whether a job has ended. */
const MAX_AGE = 30_000;

/**
 * Of runs that wait, those that are to be submitted: they have no job, or theirs has ended and they are to go on.
 * Where Slurm does not answer, a run with a job keeps it.
 */
export async function needsSubmission(waiting: readonly Waiting[]): Promise<Waiting[]> {
  const where = await lookAtRuns(
    waiting.map(({ run }) => run),
    MAX_AGE,
  );
  return waiting.filter(({ run }) => !where.has(run.id) || settle(run, where.get(run.id)));
}
