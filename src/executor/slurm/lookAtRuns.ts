import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import type { Where } from "../executor.ts";
import { lookAtQueue } from "./askedQueue.ts";
import { whereOf } from "./seen.ts";
import { pointerOf, SubmissionFolder, taskName } from "./submission.ts";

/** Of a job that Slurm lists no more, the run's lease says whether its worker lives. */
const withSigns = (run: RunDirectory, where: Where): Where =>
  where.unlisted === undefined ? where : { ...where, unlisted: { ...where.unlisted, alive: run.isWorkerAlive() } };

/** What a submission's folder tells of it. */
const toldBy = (submission: SubmissionFolder) => ({ outcome: submission.outcome(), intent: submission.intent() });

/**
 * Where runs are, each by its id; runs that were never submitted are left out.
 * @param maxAge milliseconds that squeue's last answer may be old
 */
export async function lookAtRuns(runs: readonly RunDirectory[], maxAge: number): Promise<Map<string, Where>> {
  const found = new Map<string, Where>();
  const [first] = runs;
  if (first === undefined) return found;
  const runsDir = dirname(first.path);
  // The runs of a sweep share theirs, with a line for each: read for each, a thousand of them would take seconds.
  const submissions = new Map<string, ReturnType<typeof toldBy>>();
  const known = runs.flatMap((run) => {
    const pointer = pointerOf(run);
    if (pointer === undefined) return [];
    const told = submissions.get(pointer.submission) ?? toldBy(new SubmissionFolder(runsDir, pointer.submission));
    submissions.set(pointer.submission, told);
    const { outcome, intent } = told;
    if (outcome !== undefined && "refused" in outcome) return [];
    const suffix = (intent?.tasks.length ?? 0) > 1 ? `_${pointer.index}` : "";
    const job = outcome === undefined ? undefined : `${outcome.job}${suffix}`;
    const hasBegun = (): boolean =>
      existsSync(new SubmissionFolder(dirname(run.path), pointer.submission).logPath(pointer.index));
    return [{ run, name: taskName(pointer), job, requeue: intent?.request.requeue ?? true, hasBegun }];
  });
  if (known.length === 0) return found;
  const seen = await lookAtQueue(runsDir, known, maxAge);
  for (const { run, name, job = "", requeue, hasBegun } of known) {
    const where = whereOf(seen.tasks[name], { requeue, hasBegun }, Date.now());
    found.set(run.id, withSigns(run, where.job === "" ? { ...where, job } : where));
  }
  return found;
}
