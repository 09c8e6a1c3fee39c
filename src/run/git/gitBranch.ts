import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { moveOldResults } from "./gitResults.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";

/**
 * Creates a branch at a run's commit. HEAD does not move.
 * @throws UserError when the name is not valid for a branch, or is taken
 */
export async function makeBranch(store: GitStore, name: string, commit: string): Promise<void> {
  const { git } = store;
  if ((await git.lineOrUndefined(["check-ref-format", "--branch", name])) !== name)
    throw new UserError(
      "branch-name-invalid",
      phrase`"${name}" cannot be a branch's name`,
      phrase`Use letters, digits, - and /.`,
    );
  if (await git.lineOrUndefined(["rev-parse", "--verify", "-q", `refs/heads/${name}`]))
    throw new UserError("branch-exists", phrase`There is a branch "${name}" already`, phrase`Choose another name.`);
  const target = await withoutLiveRuns(store, objectId(commit));
  await git.run([
    "update-ref",
    "-m",
    "adept branch",
    "--end-of-options",
    `refs/heads/${name}`,
    target,
    "0".repeat(target.length),
  ]);
}

/**
 * Returns the commit. Commits of older versions contain the runs at the path of the live ones, .adept/runs, which a
 * checkout would overwrite: for such a commit it makes a copy with the runs at `RESULTS`, on top of the newest ancestor
 * without runs.
 */
async function withoutLiveRuns(store: GitStore, commit: string): Promise<string> {
  const { git } = store;
  const hasLive = async (each: string): Promise<boolean> =>
    (await git.run(["ls-tree", "-r", "-z", "--name-only", "--end-of-options", each, "--", ".adept/runs/"])) !== "";
  if (!(await hasLive(commit))) return commit;
  return store.withIndex(async (index) => {
    await git.run(["read-tree", "--end-of-options", commit], { GIT_INDEX_FILE: index });
    await moveOldResults(git, index);
    let parent: string | undefined;
    for (const each of (await git.line(["rev-list", "--first-parent", "--skip=1", "--end-of-options", commit])).split(
      "\n",
    ))
      if (each !== "" && !(await hasLive(each))) {
        parent = each;
        break;
      }
    return store.commitTree(await git.line(["write-tree"], { GIT_INDEX_FILE: index }), parent, {
      index,
      message: await git.run(["log", "-1", "--format=%B", "--end-of-options", commit]),
    });
  });
}
