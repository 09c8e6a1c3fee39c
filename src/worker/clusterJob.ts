import { ClusterJob } from "../record/clusterJob.ts";

/**
 * Returns the job of a cluster that this process belongs to, by the variables that Slurm sets in a job; undefined
 * outside one. A task of an array has its own id, and the first start has no count of restarts.
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
