import { UserError } from "../../base/errors.ts";
import { said } from "../../base/phrase.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { interruptionCause } from "./interruptionCause.ts";
import { oomKills } from "./oomKills.ts";
import { readRuns, type OnUnusableRun } from "../directory/runList.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";
import { writeUnderLease } from "../directory/writeUnderLease.ts";

/**
 * How long (ms) without a sign a cluster's run is left to its cluster: its scheduler knows what became of the job, and
 * may start it again.
 */
const CLUSTER_GRACE = 7 * 24 * 3600_000;
/** Time (ms) that a worker needs to start and take its lease. */
const START_GRACE = 15_000;

/**
 * Marks a run as interrupted if its worker died without writing a final status. Holds the run's lease meanwhile: of
 * several windows and terminals that notice it at once, only one writes.
 * @param record the run's record, as its journal says
 * @returns whether it marked the run
 * @throws UserError when the journal cannot be written
 */
export function markIfInterrupted(run: RunDirectory, record: RunRecord, now = Date.now()): boolean {
  if (!isLive(record.status) || record.newer !== undefined || run.isWorkerAlive()) return false;
  if (record.job !== undefined && Math.abs(now - record.updatedAt) < CLUSTER_GRACE) return false;
  // The absolute difference: after a clock was set back, an event may lie in the future.
  if (!run.hasLostWorker() && Math.abs(now - Math.max(record.updatedAt, startedAt(run.id))) < START_GRACE) return false;
  return markInterrupted(run);
}

/**
 * Writes to a run's journal that its worker is gone.
 * @returns false if the run is being trained again, was deleted, or another process writes this
 */
export function markInterrupted(run: RunDirectory): boolean {
  return writeUnderLease(run, (record) => {
    if (!isLive(record.status) || record.newer !== undefined) return [];
    return [{ type: "status", status: "interrupted", ...said(interruptionCause(record, oomKills())) }];
  });
}

/**
 * Marks every run of a folder whose worker died without writing a final status as interrupted.
 * @param onUnusable is called for each run that cannot be read or written
 * @returns the ids of the marked runs
 */
export function markInterruptedRuns(runsDir: string, onUnusable: OnUnusableRun, now = Date.now()): string[] {
  return readRuns(runsDir, onUnusable)
    .filter(({ run, record }) => {
      try {
        return markIfInterrupted(run, record, now);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        onUnusable(run, `its worker is gone, which cannot be recorded: ${error.message}`);
        return false;
      }
    })
    .map(({ run }) => run.id);
}

function startedAt(id: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  return new Date(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)).getTime();
}
