import { UserError } from "../../base/errors.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { interruptionCause } from "./interruptionCause.ts";
import { Journal } from "../journal/journal.ts";
import { oomKills } from "./oomKills.ts";
import { readRuns } from "../directory/runList.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";

/** A worker needs this long (ms) to start and take its lease. */
const START_GRACE = 15_000;

/** Hears of a run that cannot be read, or not be written to. */
export type OnUnusableRun = (run: RunDirectory, reason: string) => void;

/**
 * Marks a run as interrupted if its worker died without a word. Who does so holds its lease: of windows and terminals
 * that see it at once, one says it.
 * @param record what its journal says
 * @returns whether it did
 * @throws UserError when the journal cannot be written
 */
export function adoptRun(run: RunDirectory, record: RunRecord, now = Date.now()): boolean {
  if (!isLive(record.status) || record.newer !== undefined || run.isWorkerAlive()) return false;
  // A clock that was put back says nothing of how long ago it was.
  if (!run.hasLostWorker() && Math.abs(now - Math.max(record.updatedAt, startedAt(run.id))) < START_GRACE) return false;
  return markInterrupted(run);
}

/**
 * Says in a run's journal that its worker is gone.
 * @returns false where it is at work again, or somebody else says so
 */
export function markInterrupted(run: RunDirectory): boolean {
  if (!run.acquireLease(process.pid)) return false;
  try {
    const { status, newer } = run.record();
    if (!isLive(status) || newer !== undefined) return false;
    const journal = new Journal(run.path);
    try {
      journal.append({ type: "status", status: "interrupted", message: interruptionCause(run.record(), oomKills()) });
    } finally {
      journal.close();
    }
    return true;
  } finally {
    run.releaseLease();
  }
}

/**
 * Marks runs whose worker died without a word as interrupted.
 * @param told hears of those that it cannot be written down for
 * @returns their ids
 */
export function adoptRuns(runsDir: string, told: OnUnusableRun, now = Date.now()): string[] {
  return readRuns(runsDir, told)
    .filter(({ run, record }) => {
      try {
        return adoptRun(run, record, now);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        told(run, `its worker is gone, which cannot be written down: ${error.message}`);
        return false;
      }
    })
    .map(({ run }) => run.id);
}

function startedAt(id: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  return new Date(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)).getTime();
}
