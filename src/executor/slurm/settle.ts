import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileEnd } from "../../base/files/fileEnd.ts";
import { said } from "../../base/phrase.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { RunRecord } from "../../record/record.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { writeUnderLease } from "../../run/directory/writeUnderLease.ts";
import type { Where } from "../executor.ts";
import { withoutStarts } from "./script.ts";
import { NOT_FOUND } from "./seen.ts";
import { pointerOf, SubmissionFolder } from "./submission.ts";
import { verdictOf, type Verdict } from "./verdict.ts";

/** Bytes and lines of a job's output that are looked at and quoted. */
const TAIL_BYTES = 4000;
const TAIL_LINES = 3;

/** The last lines that a job has printed, without those by which its script tells of a start; empty without any. */
function endOf(path: string): string {
  if (!existsSync(path)) return "";
  return withoutStarts(fileEnd(path, TAIL_BYTES).text).trim().split("\n").slice(-TAIL_LINES).join("\n");
}

/** What a verdict adds to a journal: nothing where the worker itself has said that it was interrupted. */
function eventsOf(record: RunRecord, { status, why, by }: Verdict): NewRunEvent[] {
  return status === record.status ? [] : [{ type: "status", status, ...(by !== undefined && { by }), ...said(why) }];
}

/**
 * Writes to a run's journal what the end of its job means, where its worker could not. A run whose worker lives, or
 * that has ended by itself, is left alone.
 * @returns whether the run is to be submitted again
 */
export function settle(run: RunDirectory, where: Where | undefined): boolean {
  if (where?.state !== "ended") return false;
  // The lease of a worker that was killed seems held for minutes; Slurm knows that its job has ended. Of a job that it
  // has forgotten it knows nothing: the worker may be at work all the same, and its lease alone says so.
  const still = where.word === NOT_FOUND ? undefined : run.leaseOfJob(where.job);
  if (still === undefined && run.isWorkerAlive()) return false;
  const pointer = pointerOf(run);
  if (pointer === undefined) return false;
  const submission = new SubmissionFolder(dirname(run.path), pointer.submission);
  const task = submission.intent()?.tasks[pointer.index];
  if (task === undefined) return false;
  const logEnd = endOf(submission.logPath(pointer.index));
  let again = false;
  const change = (record: RunRecord): NewRunEvent[] => {
    const verdict = record.newer === undefined ? verdictOf({ record, where, task, logEnd }) : undefined;
    again = verdict?.again ?? false;
    return verdict === undefined ? [] : eventsOf(record, verdict);
  };
  writeUnderLease(run, change, still);
  return again;
}
