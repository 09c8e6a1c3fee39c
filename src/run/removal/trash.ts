import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { explainWrite, makeFolder } from "../../base/files/atomicFile.ts";
import { foldEvents } from "../../record/foldEvents.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { UserError } from "../../base/errors.ts";
import { CommitId } from "../../base/identifiers.ts";
import { openGitStore } from "../git/gitStore.ts";
import { readRecord } from "../journal/readJournal.ts";
import { removeWorkTree } from "../git/gitWorkTree.ts";
import { writeRunFile } from "../files/runFile.ts";
import { RunDirectory } from "../directory/runDirectory.ts";
import { trashOf } from "./trashFolder.ts";
import { phrase } from "../../base/phrase.ts";

const FILE = "deleted.json";
const KEPT_MS = 7 * 24 * 3600 * 1000;
/** The note in a deleted run's folder: when it was deleted (ms since the epoch), and the commit that its ref named. */
const Deleted = z.object({ at: z.number(), commit: CommitId.optional() });

/** Reads the note of a deleted run; undefined if it is missing or damaged. */
function noteOf(folder: string): z.output<typeof Deleted> | undefined {
  try {
    return Deleted.parse(JSON.parse(readFileSync(join(folder, FILE), "utf8")));
  } catch {
    return undefined;
  }
}

/** @throws UserError when one of the runs is in training or being analysed */
export function refuseAtWork(runs: readonly RunDirectory[]): void {
  const busy = runs.find((run) => run.isBeingAnalysed() || (isLive(run.record().status) && run.isWorkerAlive()));
  if (busy !== undefined)
    throw new UserError("run-at-work", phrase`Run ${busy.id} is at work.`, phrase`Stop it first.`);
}

/**
 * Deletes runs: moves their folders to the trash and deletes their refs. Deletes all of them or none.
 * @param folder a folder in the repository with the refs
 * @throws UserError when a run is in training or being analysed
 */
export async function deleteRuns(runsDir: string, ids: readonly string[], folder: string): Promise<void> {
  const runs = ids.map((id) => RunDirectory.open(join(runsDir, id)));
  refuseAtWork(runs);
  const trash = trashOf(runsDir);
  const store = await openGitStore(folder);
  const gone: string[] = [];
  try {
    makeFolder(trash);
    emptyOld(runsDir);
    for (const run of runs) {
      const commit = "reason" in store ? undefined : await store.commitOf(run.id);
      if (!("reason" in store)) await removeWorkTree(store, run.path);
      writeRunFile(join(run.path, FILE), JSON.stringify({ at: Date.now(), commit }));
      rmSync(join(trash, run.id), { recursive: true, force: true });
      renameSync(run.path, join(trash, run.id));
      gone.push(run.id);
      // The ref goes last: if this is interrupted, the commit is still named by the note or by the ref.
      if (commit !== undefined && !("reason" in store)) await store.remove(run.id, commit);
    }
  } catch (error) {
    await restoreRuns(runsDir, gone, folder);
    throw explainWrite(error, trash);
  }
}

/**
 * Restores deleted runs and their refs.
 * @throws UserError when a run is no longer in the trash
 */
export async function restoreRuns(runsDir: string, ids: readonly string[], folder: string): Promise<void> {
  const trash = trashOf(runsDir);
  const missing = ids.find((id) => !existsSync(join(trash, id)));
  if (missing !== undefined) throw new UserError("run-not-in-trash", phrase`Run ${missing} is no longer in the trash.`);
  const store = await openGitStore(folder);
  for (const id of ids) {
    const path = join(runsDir, id);
    const commit = noteOf(join(trash, id))?.commit;
    renameSync(join(trash, id), path);
    if (commit !== undefined && !("reason" in store)) await store.restoreRef(id, commit);
    rmSync(join(path, FILE), { force: true });
  }
}

/** Reads the record of a deleted run; the empty record if that fails. */
function recordOf(path: string): RunRecord {
  try {
    return readRecord(path).record;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return foldEvents([]);
  }
}

/**
 * Lists the runs in the trash, with the commit that each one's ref named. `expired(now)`: whether it was deleted more
 * than a week ago.
 */
export function deletedRuns(
  runsDir: string,
): { id: string; path: string; commit: string | undefined; record: RunRecord; expired: (now: number) => boolean }[] {
  const trash = trashOf(runsDir);
  if (!existsSync(trash)) return [];
  return readdirSync(trash).map((id) => {
    const path = join(trash, id);
    const note = noteOf(path);
    return {
      id,
      path,
      commit: note?.commit,
      record: recordOf(path),
      expired: (now) => now - (note?.at ?? Infinity) > KEPT_MS,
    };
  });
}

/**
 * Deletes for good the runs that were deleted more than a week ago. The date is taken from the note: the folder's own
 * time is that of the run's end.
 */
function emptyOld(runsDir: string): void {
  for (const { path, expired } of deletedRuns(runsDir))
    if (expired(Date.now())) rmSync(path, { recursive: true, force: true });
}
