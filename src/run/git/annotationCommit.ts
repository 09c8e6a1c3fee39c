import { join } from "node:path";
import { isOpen } from "../../record/record.ts";
import { openGitStore } from "./gitStore.ts";
import { Journal } from "../journal/journal.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";

/**
 * Commits what a person said of a run (name, tags, note) on top of its result, so that it goes where the run goes. A
 * run at work has it in its own next commit; one without a commit has none.
 * @returns the commit, undefined where there is nothing to commit on
 */
export async function commitAnnotation(run: RunDirectory, folder: string): Promise<string | undefined> {
  const store = await openGitStore(folder);
  if ("reason" in store || isOpen(run.record().status) || (await store.commitOf(run.id)) === undefined)
    return undefined;
  const { commit, ref, note } = await store.result(
    run.id,
    run.record(),
    [{ path: "events.jsonl", source: join(run.path, "events.jsonl") }],
    false,
  );
  const journal = new Journal(run.path);
  try {
    journal.append({ type: "git", kind: "result", commit, ref, message: note });
  } finally {
    journal.close();
  }
  return commit;
}
