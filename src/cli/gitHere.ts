import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { codeCommit } from "../record/record.ts";
import { openGitStore, type GitStore } from "../run/git/gitStore.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** Opens the repository that contains the current folder. @throws UserError where there is none */
export async function gitHere(): Promise<GitStore> {
  const store = await openGitStore(process.cwd());
  if ("reason" in store) throw store.reason.withAction(phrase`Run this in the folder of the project.`);
  return store;
}

/** Returns the commit with a run's code. @throws UserError where the run has none */
export function codeCommitOf(run: RunDirectory): string {
  const commit = codeCommit(run.record());
  if (commit === undefined)
    throw new UserError(
      "run-without-commit",
      phrase`Run ${run.id} has no commit`,
      phrase`Runs are committed in folders with a git repository.`,
    );
  return commit;
}

/**
 * Returns the named remote, or the only one if none is named.
 * @throws UserError where there is no remote, the name is unknown, or none of several is named
 */
export function remoteOf(remotes: readonly string[], named: string | undefined): string {
  const [only, ...more] = remotes;
  if (only === undefined)
    throw new UserError("remote-missing", phrase`The repository has no remote`, phrase`Add one with git remote add.`);
  if (named !== undefined && !remotes.includes(named))
    throw new UserError(
      "remote-unknown",
      phrase`There is no remote "${named}"`,
      phrase`There are: ${remotes.join(", ")}.`,
    );
  if (named === undefined && more.length > 0)
    throw new UserError(
      "remote-ambiguous",
      phrase`There are several remotes: ${remotes.join(", ")}`,
      phrase`Choose one with --remote.`,
    );
  return named ?? only;
}
