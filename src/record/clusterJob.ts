import * as z from "zod";

/** A job of a cluster, as its scheduler names it; a job that the scheduler starts again keeps its id. */
export const ClusterJob = z.object({
  /** The cluster's name; empty if the scheduler gives none. */
  cluster: z.string().max(300),
  /** The job's id, of a task of an array with the task's index: "17_3". */
  id: z.string().min(1).max(300),
  /** How often the scheduler has started the job again. */
  restart: z.number().int().min(0).max(1_000_000),
});
export type ClusterJob = z.infer<typeof ClusterJob>;

/**
 * Returns the job of a cluster that a process belongs to, by the variables that Slurm sets in a job; undefined outside
 * one. A task of an array is known by the array's id and its index, also the last one, whose own id is the array's; the
 * first start has no count of restarts.
 */
export function clusterJob(env: Readonly<Record<string, string | undefined>>): ClusterJob | undefined {
  const { SLURM_JOB_ID, SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID } = env;
  const isTask = SLURM_ARRAY_JOB_ID !== undefined && SLURM_ARRAY_TASK_ID !== undefined;
  const job = ClusterJob.safeParse({
    cluster: env["SLURM_CLUSTER_NAME"] ?? "",
    id: isTask ? `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}` : SLURM_JOB_ID,
    restart: Number(env["SLURM_RESTART_COUNT"] ?? 0),
  });
  return job.data;
}

/**
 * Whether `one` is another start of the job that `earlier` was a start of, and may go on with what that one began.
 * @param isWholeJob whether each start of the job is one worker. Then every other worker of the job is another start,
 * whatever its count: a controller that was killed counts on from what it had saved, and may give a start the count of
 * the one before, or a lower one. Else only a higher count is another start
 */
export const isOtherStart = (
  one: ClusterJob | undefined,
  earlier: ClusterJob | undefined,
  isWholeJob = false,
): boolean =>
  one !== undefined &&
  earlier !== undefined &&
  one.cluster === earlier.cluster &&
  one.id === earlier.id &&
  (isWholeJob || one.restart > earlier.restart);
