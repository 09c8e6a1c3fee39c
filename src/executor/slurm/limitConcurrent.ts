import { dirname } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { isWaiting } from "../../record/record.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { slurmCommand } from "./slurmCommand.ts";
import { pointerOf, SubmissionFolder } from "./submission.ts";

/** The array that a run's last submission has become; undefined where it has become none, or a single job. */
function arrayOf(run: RunDirectory): string | undefined {
  const pointer = pointerOf(run);
  if (pointer === undefined) return undefined;
  const submission = new SubmissionFolder(dirname(run.path), pointer.submission);
  const outcome = submission.outcome();
  const isArray = (submission.intent()?.tasks.length ?? 0) > 1;
  return isArray && outcome !== undefined && "job" in outcome ? outcome.job : undefined;
}

/** How many may be at work at once, as experiments of those that wait say it: each limit once, the smallest first. */
export function limitsOf(runs: readonly RunDirectory[]): number[] {
  const waiting = runs.filter((run) => isWaiting(run.record()));
  const told = waiting.length > 0 ? waiting : runs;
  return [...new Set(told.map((run) => run.experiment().executor?.concurrent ?? 0))].sort((a, b) => a - b);
}

/** Whether Slurm has an array's limit, by what it shows of the array's tasks. */
async function hasLimit(array: string, concurrent: number): Promise<boolean> {
  const shown = await slurmCommand("scontrol", ["show", "job", "--oneliner", array]);
  const limits = [...shown.matchAll(/\bArrayTaskThrottle=(\d+)/g)].map(([, limit]) => Number(limit));
  return concurrent === 0 ? limits.length === 0 : limits.length > 0 && limits.every((limit) => limit === concurrent);
}

/**
 * Has Slurm change the limit of an array. Where tasks of it have ended, scontrol fails although it has changed it, so
 * what Slurm then shows counts.
 */
async function setLimit(array: string, concurrent: number): Promise<void> {
  try {
    await slurmCommand("scontrol", ["update", `jobid=${array}`, `arraytaskthrottle=${concurrent}`]);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "slurm-refused") throw error;
    // Why nothing could be shown says less than why nothing was changed.
    if (await hasLimit(array, concurrent).catch(() => false)) return;
    throw error.withAction(
      phrase`Look at the queue again: its jobs may have ended. What is submitted later has the new limit.`,
    );
  }
}

/** Whether a run becomes part of an array when it is submitted. */
const joinsArray = (run: RunDirectory): boolean =>
  pointerOf(run) === undefined && run.experiment().executor?.array !== false;

/**
 * Changes how many of a sweep's runs are at work at once, also while it runs.
 * @param runs those that wait or are at work
 * @param concurrent 0: as many as the cluster allows
 * @returns the job arrays that have the new limit
 * @throws UserError as `slurmCommand`, and where none of the runs is, or becomes, part of an array
 */
export async function limitConcurrent(runs: readonly RunDirectory[], concurrent: number): Promise<string[]> {
  // Those that are submitted later, or again, have it from their experiment.
  for (const run of runs.filter((each) => isWaiting(each.record()))) {
    const { executor } = run.experiment();
    if (executor !== undefined) run.change({ executor: { ...executor, concurrent } });
  }
  const arrays = [...new Set(runs.flatMap((run) => arrayOf(run) ?? []))];
  if (arrays.length === 0 && !runs.some(joinsArray))
    throw new UserError(
      "slurm-no-array",
      phrase`Slurm limits how many runs of one job array are at work, and these are jobs of their own.`,
      phrase`Leave "array": false out of the executor and train the sweep again, or stop runs one by one.`,
    );
  for (const array of arrays) await setLimit(array, concurrent);
  return arrays;
}
