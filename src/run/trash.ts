import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { isLive } from "../experiment/record.ts";
import { UserError } from "../experiment/errors.ts";
import { openGitStore } from "./gitStore.ts";
import { RunDirectory } from "./runDirectory.ts";

const COMMIT = "deleted.json";
const KEPT_DAYS = 7;
const Deleted = z.object({ commit: z.string() });

/** Deleted runs wait here for a week: `.adept/trash` beside `.adept/runs`. */
const trashOf = (runsDir: string): string => join(dirname(runsDir), "trash");

/**
 * Takes runs out of sight: their folders to the trash, their refs away.
 * @param folder whose repository has the refs @throws UserError when one of them is at work; then none is deleted
 */
export async function deleteRuns(runsDir: string, ids: readonly string[], folder: string): Promise<void> {
  const runs = ids.map((id) => RunDirectory.open(join(runsDir, id)));
  const live = runs.find((run) => isLive(run.record().status) && run.isWorkerAlive());
  if (live !== undefined) throw new UserError(`Run ${live.id} is at work.`, "Stop it first.");
  const trash = trashOf(runsDir), store = await openGitStore(folder);
  mkdirSync(trash, { recursive: true });
  emptyOld(trash);
  for (const run of runs) {
    const commit = "reason" in store ? undefined : await store.remove(run.id);
    if (commit !== undefined) writeFileSync(join(run.path, COMMIT), JSON.stringify({ commit }));
    rmSync(join(trash, run.id), { recursive: true, force: true });
    renameSync(run.path, join(trash, run.id));
  }
}

/** Puts deleted runs back, with their refs. @throws UserError when one is no longer in the trash */
export async function restoreRuns(runsDir: string, ids: readonly string[], folder: string): Promise<void> {
  const trash = trashOf(runsDir), gone = ids.find((id) => !existsSync(join(trash, id)));
  if (gone !== undefined) throw new UserError(`Run ${gone} is no longer in the trash.`);
  const store = await openGitStore(folder);
  for (const id of ids) {
    renameSync(join(trash, id), join(runsDir, id));
    const file = join(runsDir, id, COMMIT);
    if (!existsSync(file)) continue;
    const { commit } = Deleted.parse(JSON.parse(readFileSync(file, "utf8")));
    if (!("reason" in store)) await store.putBack(id, commit);
    rmSync(file);
  }
}

/** Removes for good what was deleted more than a week ago. */
function emptyOld(trash: string): void {
  const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
  for (const name of readdirSync(trash)) if (statSync(join(trash, name)).mtimeMs < oldest) rmSync(join(trash, name), { recursive: true, force: true });
}
