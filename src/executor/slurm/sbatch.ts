import type { SlurmRequest } from "../../experiment/executorSpec.ts";
import { arrayOption, requestOptions } from "./script.ts";
import { slurmCommand } from "./slurmCommand.ts";
import { COMMENT } from "./squeue.ts";
import type { SubmissionFolder } from "./submission.ts";
import { signalOption } from "./timeSignal.ts";

/** Slurm takes "%" in a path as the beginning of a name of its own. */
const plainPath = (path: string): string => path.replaceAll("%", "%%");

/** Where the output of each task goes. */
const outputOption = ({ path }: SubmissionFolder, isArray: boolean): string =>
  `--output=${plainPath(path)}/${isArray ? "%a" : "0"}.log`;

/** One call of sbatch. */
export interface Batch {
  request: SlurmRequest;
  script: string;
  /** The workspace folder. */
  folder: string;
  tasks: number;
  isArray: boolean;
  /** The job that must have ended before. */
  after?: string | undefined;
}

function options(submission: SubmissionFolder, { request, folder, tasks, isArray, after }: Batch): string[] {
  const { requeue = true, concurrent } = request;
  return [
    "--parsable",
    `--comment=${COMMENT}${submission.id}`,
    "--job-name=adept",
    requeue ? "--requeue" : "--no-requeue",
    ...signalOption(request),
    // A job that is started again would else empty the file, and the reason with it.
    "--open-mode=append",
    outputOption(submission, isArray),
    `--chdir=${folder}`,
    ...(isArray ? [arrayOption(tasks, concurrent)] : []),
    ...(after === undefined ? [] : [`--dependency=afterany:${after}`]),
    ...requestOptions(request),
  ];
}

/**
 * Calls sbatch.
 * @returns the job's id
 * @throws UserError as `slurmCommand`; after "slurm-away" the job may have been made all the same
 */
export async function sbatch(submission: SubmissionFolder, batch: Batch): Promise<string> {
  const answer = await slurmCommand("sbatch", options(submission, batch), { input: batch.script });
  // "17" or "17;cluster"
  const job = /^\s*(\d+)/m.exec(answer)?.[1];
  if (job === undefined) throw new Error(`sbatch printed no job: ${answer.slice(0, 200)}`);
  return job;
}

/**
 * Asks Slurm whether it would take a job.
 * @throws UserError when it would refuse it, or as `slurmCommand`
 */
export async function testOnly(request: SlurmRequest): Promise<void> {
  await slurmCommand("sbatch", ["--test-only", ...requestOptions(request)], { input: "#!/bin/bash\ntrue\n" });
}
