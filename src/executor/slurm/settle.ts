import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { english, said } from "../../base/phrase.ts";
import { isLive, isWaiting } from "../../record/record.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { appendEvents } from "../../run/journal/journal.ts";
import type { Where } from "../executor.ts";
import { pointerOf, SubmissionFolder } from "./submission.ts";
import { verdictOf } from "./verdict.ts";

/** Bytes and lines of a job's output that are looked at and quoted. */
const TAIL_BYTES = 4000;
const TAIL_LINES = 3;

/** The last lines of a file; empty where there is none. */
function endOf(path: string): string {
  if (!existsSync(path)) return "";
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(TAIL_BYTES, size));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8").trim().split("\n").slice(-TAIL_LINES).join("\n");
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes to a run's journal what the end of its job means, where its worker could not. A run whose worker lives, or that
 * has ended by itself, is left alone.
 * @returns whether the run is to be submitted again
 */
export function settle(run: RunDirectory, where: Where | undefined): boolean {
  if (where?.state !== "ended" || run.isWorkerAlive()) return false;
  const pointer = pointerOf(run);
  if (pointer === undefined) return false;
  const submission = new SubmissionFolder(dirname(run.path), pointer.submission);
  const task = submission.intent()?.tasks[pointer.index];
  // Read after the end was seen: whatever the worker wrote is there.
  const record = run.record();
  if (task === undefined || record.newer !== undefined) return false;
  const verdict = verdictOf({ record, where, task, logEnd: endOf(submission.logPath(pointer.index)) });
  if (verdict === undefined) return false;
  const { status, why, again } = verdict;
  const says = english(why) !== "" && (isLive(record.status) || (isWaiting(record) && status !== record.status));
  if (says) appendEvents(run.path, { type: "status", status, ...said(why) });
  return again;
}
