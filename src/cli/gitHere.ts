import { UserError } from "../base/errors.ts";
import { codeCommit } from "../record/record.ts";
import { openGitStore, type GitStore } from "../run/git/gitStore.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** The repository around the current folder. @throws UserError where there is none */
export async function gitHere(): Promise<GitStore> {
  const store = await openGitStore(process.cwd());
  if ("reason" in store) throw new UserError(store.reason, "Run this in the folder of the project.");
  return store;
}

/** The commit with a run's code. @throws UserError where it has none */
export function codeCommitOf(run: RunDirectory): string {
  const commit = codeCommit(run.record());
  if (commit === undefined)
    throw new UserError(`Run ${run.id} has no commit`, "Runs are committed in folders with a git repository.");
  return commit;
}

/** The remote that is meant: the one named, else the only one. @throws UserError where there is none, or several */
export function remoteOf(remotes: readonly string[], named: string | undefined): string {
  const [only, ...more] = remotes;
  if (only === undefined) throw new UserError("The repository has no remote", "Add one with git remote add.");
  if (named !== undefined && !remotes.includes(named))
    throw new UserError(`There is no remote "${named}"`, `There are: ${remotes.join(", ")}.`);
  if (named === undefined && more.length > 0)
    throw new UserError(`There are several remotes: ${remotes.join(", ")}`, "Choose one with --remote.");
  return named ?? only;
}
