import { join } from "node:path";
import { said } from "../../base/phrase.ts";
import { isOpen } from "../../record/record.ts";
import { openGitStore } from "./gitStore.ts";
import { deliverPosts, postEvents } from "../journal/sharedJournal.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";

/**
 * Commits what a person added to a run (name, tags, note) on top of its result commit, so that it travels with the run.
 * Does nothing for an open run, whose next commit contains it anyway, and for a run without a commit.
 * @param folder a folder in the run's repository
 * @returns the new commit, or undefined if none was made
 */
export async function commitAnnotation(run: RunDirectory, folder: string): Promise<string | undefined> {
  const store = await openGitStore(folder);
  if ("reason" in store || isOpen(run.record().status) || (await store.commitOf(run.id)) === undefined)
    return undefined;
  deliverPosts(run.path);
  const { commit, ref, note } = await store.result(
    run.id,
    run.record(),
    [{ path: "events.jsonl", source: join(run.path, "events.jsonl") }],
    false,
  );
  postEvents(run.path, { type: "git", kind: "result", commit, ref, ...(note !== undefined && said(note)) });
  return commit;
}
