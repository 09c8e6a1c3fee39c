import { slurmCommand } from "./slurmCommand.ts";

/** Jobs of one call: a command line has a largest length. */
const MOST = 500;

/**
 * Cancels jobs; those that have ended are left alone.
 * @param jobs as Slurm's commands take them; a task of an array by the array and its index, since the last task of an
 * array has the array's own number as its job id
 * @throws UserError as `slurmCommand`
 */
export async function cancelJobs(jobs: readonly string[]): Promise<void> {
  const known = jobs.filter((job) => job !== "");
  for (let from = 0; from < known.length; from += MOST)
    await slurmCommand("scancel", ["--quiet", ...known.slice(from, from + MOST)]);
}
