import { kindOf } from "../executor/executorKindOf.ts";
import type { ExecutorPlace, Where } from "../executor/executor.ts";
import { slurmExecutor } from "../executor/executors.ts";
import { ignoreUnreadable } from "../executor/queuedRuns.ts";
import { isOpen, isWaiting, type RunRecord } from "../record/record.ts";
import { readRuns } from "../run/directory/runList.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** A run that waits for the cluster, or is at work on it. */
export interface ClusterRun {
  run: RunDirectory;
  record: RunRecord;
  where: Where | undefined;
}

const openRuns = (runsDir: string): { run: RunDirectory; record: RunRecord }[] =>
  readRuns(runsDir, ignoreUnreadable).filter(
    ({ run, record }) => (isOpen(record.status) || isWaiting(record)) && kindOf(run) === "slurm",
  );

/**
 * The runs of a folder that wait for the cluster or are at work there. On the way, what waits without a job is
 * submitted, and runs whose job has ended without a word get their end.
 * @returns none where no run is the cluster's; Slurm is not asked then
 */
export async function clusterRuns(place: ExecutorPlace): Promise<ClusterRun[]> {
  const before = openRuns(place.runsDir);
  if (before.length === 0) return [];
  const { where } = await slurmExecutor(place).tend(before.map(({ run }) => run));
  return openRuns(place.runsDir).map(({ run, record }) => ({ run, record, where: where.get(run.id) }));
}
