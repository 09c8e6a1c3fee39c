import { dirname } from "node:path";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import type { Where } from "../executor.ts";
import { lookAtQueue } from "./askedQueue.ts";
import { whereOf } from "./seen.ts";
import { pointerOf, SubmissionFolder, taskName } from "./submission.ts";

/**
 * Where runs are, each by its id; runs that were never submitted are left out.
 * @param maxAge milliseconds that squeue's last answer may be old
 */
export async function lookAtRuns(runs: readonly RunDirectory[], maxAge: number): Promise<Map<string, Where>> {
  const found = new Map<string, Where>();
  const [first] = runs;
  if (first === undefined) return found;
  const runsDir = dirname(first.path);
  const known = runs.flatMap((run) => {
    const pointer = pointerOf(run);
    if (pointer === undefined) return [];
    const submission = new SubmissionFolder(runsDir, pointer.submission);
    const outcome = submission.outcome();
    if (outcome !== undefined && "refused" in outcome) return [];
    return [{ run, name: taskName(pointer), index: pointer.index, outcome, intent: submission.intent() }];
  });
  if (known.length === 0) return found;
  const seen = await lookAtQueue(
    runsDir,
    known.map(({ name }) => name),
    maxAge,
  );
  for (const { run, name, index, outcome, intent } of known) {
    const where = whereOf(seen.tasks[name], intent?.request.requeue ?? true, Date.now());
    const isArray = (intent?.tasks.length ?? 0) > 1;
    const job = where.job === "" && outcome !== undefined ? `${outcome.job}${isArray ? `_${index}` : ""}` : where.job;
    found.set(run.id, { ...where, job });
  }
  return found;
}
