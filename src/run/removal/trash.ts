import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
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

const FILE = "deleted.json";
const KEPT_MS = 7 * 24 * 3600 * 1000;
/** In a deleted run's folder: when it was deleted, and the commit its ref named. */
const Deleted = z.object({ at: z.number(), commit: CommitId.optional() });

/** Deleted runs wait here for a week: `.adept/trash` beside `.adept/runs`. */
const trashOf = (runsDir: string): string => join(dirname(runsDir), "trash");

/** A deleted run's note of its deletion; undefined where it is missing or damaged. */
function noteOf(folder: string): z.output<typeof Deleted> | undefined {
  try {
    return Deleted.parse(JSON.parse(readFileSync(join(folder, FILE), "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Takes runs out of sight: their folders to the trash, their refs away. All of them or none.
 * @param folder whose repository has the refs @throws UserError when one of them is at work
 */
export async function deleteRuns(runsDir: string, ids: readonly string[], folder: string): Promise<void> {
  const runs = ids.map((id) => RunDirectory.open(join(runsDir, id)));
  const busy = runs.find((run) => run.isBeingAnalysed() || (isLive(run.record().status) && run.isWorkerAlive()));
  if (busy !== undefined) throw new UserError(`Run ${busy.id} is at work.`, "Stop it first.");
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
      // Last, so that whatever ends this before leaves a note of the commit or the ref itself.
      if (commit !== undefined && !("reason" in store)) await store.remove(run.id, commit);
    }
  } catch (error) {
    await restoreRuns(runsDir, gone, folder);
    throw explainWrite(error, trash);
  }
}

/** Puts deleted runs back, with their refs. @throws UserError when one is no longer in the trash */
export async function restoreRuns(runsDir: string, ids: readonly string[], folder: string): Promise<void> {
  const trash = trashOf(runsDir);
  const missing = ids.find((id) => !existsSync(join(trash, id)));
  if (missing !== undefined) throw new UserError(`Run ${missing} is no longer in the trash.`);
  const store = await openGitStore(folder);
  for (const id of ids) {
    const path = join(runsDir, id);
    const commit = noteOf(join(trash, id))?.commit;
    renameSync(join(trash, id), path);
    if (commit !== undefined && !("reason" in store)) await store.restoreRef(id, commit);
    rmSync(join(path, FILE), { force: true });
  }
}

/** What a deleted run was, empty where that cannot be read. */
function recordOf(path: string): RunRecord {
  try {
    return readRecord(path).record;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return foldEvents([]);
  }
}

/** Runs in the trash, with what their refs named. `expired`: whether a week has passed */
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
 * Removes for good what was deleted more than a week ago. A folder's own time tells when its run ended, not when it was
 * deleted.
 */
function emptyOld(runsDir: string): void {
  for (const { path, expired } of deletedRuns(runsDir))
    if (expired(Date.now())) rmSync(path, { recursive: true, force: true });
}
