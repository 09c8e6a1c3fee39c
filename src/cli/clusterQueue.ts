import { kindOf } from "../executor/executorKindOf.ts";
import type { ExecutorPlace, Where } from "../executor/executor.ts";
import { slurmExecutor } from "../executor/executors.ts";
import { isOpen, isWaiting, type RunRecord } from "../record/record.ts";
import type { ReadRun } from "../run/directory/runList.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** A run that waits for the cluster, or is at work on it. */
export interface ClusterRun {
  run: RunDirectory;
  record: RunRecord;
  where: Where | undefined;
}

const isOpenThere = ({ run, record }: Pick<ReadRun, "run" | "record">): boolean =>
  (isOpen(record.status) || isWaiting(record)) && kindOf(run) === "slurm";

/**
 * The runs of a folder that wait for the cluster or are at work there. On the way, what waits without a job is
 * submitted, and runs whose job has ended without a word get their end.
 * @param read all runs of the folder, just read
 * @returns none where no run is the cluster's; Slurm is not asked then
 */
export async function clusterRuns(place: ExecutorPlace, read: readonly ReadRun[]): Promise<ClusterRun[]> {
  const before = read.filter(isOpenThere).map(({ run }) => run);
  if (before.length === 0) return [];
  const { where } = await slurmExecutor(place).tend(before);
  return before.map((run) => ({ run, record: run.record(), where: where.get(run.id) })).filter(isOpenThere);
}
