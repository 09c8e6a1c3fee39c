import { UserError } from "../../base/errors.ts";
import { said } from "../../base/phrase.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { interruptionCause } from "./interruptionCause.ts";
import { oomKills } from "./oomKills.ts";
import { readRuns, type OnUnusableRun, type ReadRun } from "../directory/runList.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";
import { readRecord } from "../journal/readJournal.ts";
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

/** A run as it is after it was looked at, and whether it was marked then. */
type LookedAt = ReadRun & { isMarked: boolean };

function lookAtAll(runsDir: string, onUnusable: OnUnusableRun, now: number): LookedAt[] {
  return readRuns(runsDir, onUnusable).map((each) => {
    const { run, record } = each;
    try {
      if (markIfInterrupted(run, record, now)) return { run, ...readRecord(run.path), isMarked: true };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onUnusable(run, `its worker is gone, which cannot be recorded: ${error.message}`);
    }
    return { ...each, isMarked: false };
  });
}

/**
 * Marks every run of a folder whose worker died without writing a final status as interrupted.
 * @param onUnusable is called for each run that cannot be read or written
 * @returns the ids of the marked runs
 */
export const markInterruptedRuns = (runsDir: string, onUnusable: OnUnusableRun, now = Date.now()): string[] =>
  lookAtAll(runsDir, onUnusable, now).flatMap(({ run, isMarked }) => (isMarked ? [run.id] : []));

/** As `markInterruptedRuns`. @returns every readable run as it is after it, newest first */
export const readMarkedRuns = (runsDir: string, onUnusable: OnUnusableRun): ReadRun[] =>
  lookAtAll(runsDir, onUnusable, Date.now());

function startedAt(id: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  return new Date(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)).getTime();
}
