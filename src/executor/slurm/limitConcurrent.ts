import { dirname } from "node:path";
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

/**
 * Changes how many of a sweep's runs are at work at once, also while it runs.
 * @param runs those that wait or are at work
 * @param concurrent 0: as many as the cluster allows
 * @returns the job arrays that have the new limit
 * @throws UserError as `slurmCommand`
 */
export async function limitConcurrent(runs: readonly RunDirectory[], concurrent: number): Promise<string[]> {
  // Those that are submitted later, or again, have it from their experiment.
  for (const run of runs.filter((each) => isWaiting(each.record()))) {
    const { executor } = run.experiment();
    if (executor !== undefined) run.change({ executor: { ...executor, concurrent } });
  }
  const arrays = [...new Set(runs.flatMap((run) => arrayOf(run) ?? []))];
  for (const array of arrays)
    await slurmCommand("scontrol", ["update", `jobid=${array}`, `arraytaskthrottle=${concurrent}`]);
  return arrays;
}
