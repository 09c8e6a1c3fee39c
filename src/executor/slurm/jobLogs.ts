import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { slurmFolder } from "./slurmPlaces.ts";
import { SubmissionFolder } from "./submission.ts";

/** The output of one job of a run. */
export interface JobLog {
  /** The job as Slurm's commands take it; empty where it is not known. */
  job: string;
  path: string;
}

/** The outputs of the jobs that a run has had, in the order in which they were submitted. */
export function jobLogs(run: RunDirectory): JobLog[] {
  const runsDir = dirname(run.path);
  const folder = slurmFolder(runsDir);
  return (existsSync(folder) ? readdirSync(folder).sort() : []).flatMap((name) => {
    const submission = new SubmissionFolder(runsDir, name);
    const tasks = submission.intent()?.tasks ?? [];
    const index = tasks.findIndex((task) => task.run === run.id);
    const path = submission.logPath(index);
    if (index === -1 || !existsSync(path)) return [];
    const outcome = submission.outcome();
    const job = outcome !== undefined && "job" in outcome ? outcome.job : "";
    return [{ job: job !== "" && tasks.length > 1 ? `${job}_${index}` : job, path }];
  });
}
