import { askQueue } from "./squeue.ts";
import { openSubmissions, type SubmissionFolder } from "./submission.ts";

/**
 * How long (ms) after a submission was meant its job may still come into being: a controller that hung takes it late,
 * and an sbatch whose parent was killed goes on.
 */
const SETTLED = 60_000;

/** The job of a submission among those that carry its name; "17_3" is a task of job 17. */
const jobOf = ({ id }: SubmissionFolder, rows: Awaited<ReturnType<typeof askQueue>>): string | undefined =>
  rows.find(({ task }) => task.startsWith(`${id}/`))?.job.split("_")[0];

/**
 * Finds out what has become of submissions whose sbatch did not say it: by the comment that their jobs carry. One that
 * has become no job is noted as such, so that its runs are submitted again.
 * @returns how many are not clear yet
 * @throws UserError as `slurmCommand`
 */
export async function recoverSubmissions(runsDir: string): Promise<number> {
  const open = openSubmissions(runsDir);
  if (open.length === 0) return 0;
  const rows = await askQueue();
  let unclear = 0;
  for (const submission of open) {
    const job = jobOf(submission, rows);
    const madeAt = submission.intent()?.madeAt ?? 0;
    if (job !== undefined) submission.setOutcome({ job });
    else if (Math.abs(Date.now() - madeAt) > SETTLED) submission.setOutcome({ refused: "no job carries its name" });
    else unclear++;
  }
  return unclear;
}
