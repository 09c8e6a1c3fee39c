import { existsSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";
import { isRunId } from "../directory/runId.ts";

/**
 * Returns the folder of a reproduction's work tree. It follows from the run's own path alone, so that no file can name
 * another folder. Undefined for a run outside a .adept folder.
 */
export function workTreeOf(runPath: string): string | undefined {
  const home = dirname(dirname(resolve(runPath)));
  const id = basename(runPath);
  return basename(home) === ".adept" && isRunId(id) ? join(home, "worktrees", id) : undefined;
}

/** Whether git lists the folder as a work tree of the repository. False if a symbolic link leads elsewhere. */
async function isWorkTree({ git }: GitStore, path: string): Promise<boolean> {
  const own = join(realpathSync(dirname(dirname(path))), "worktrees", basename(path));
  const real = (each: string): string => (existsSync(each) ? realpathSync(each) : resolve(each));
  if (existsSync(path) && realpathSync(path) !== own) return false;
  const known = (await git.run(["worktree", "list", "--porcelain"]))
    .split("\n")
    .flatMap((line) => (line.startsWith("worktree ") ? [real(line.slice("worktree ".length))] : []));
  return known.includes(own);
}

/**
 * Opens a run's work tree with the files of a commit, and creates it if it does not exist. Creates no branch and runs
 * no hook.
 * @returns its folder
 * @throws UserError when another folder is in its place
 */
export async function openWorkTree(store: GitStore, runPath: string, commit: string): Promise<string> {
  const path = workTreeOf(runPath);
  if (path === undefined)
    throw new UserError(
      "run-outside-project",
      phrase`${runPath} is kept outside a project's .adept folder`,
      phrase`Reproduce a run where it was trained.`,
    );
  objectId(commit);
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && !(await isWorkTree(store, path)))
    throw new UserError(
      "work-tree-exists",
      phrase`${path} is there already`,
      phrase`Remove it, or reproduce another run.`,
    );
  if (!existsSync(path))
    await store.git.run(["worktree", "add", "--force", "--detach", "--no-checkout", "--end-of-options", path, commit]);
  // Plumbing writes the files, so that no checkout hook runs.
  const inside = store.git.at(path);
  await inside.run(["read-tree", "--end-of-options", commit]);
  await inside.run(["checkout-index", "--all", "--force"]);
  return path;
}

/** Deletes a run's work tree, but only a folder that git lists as one. */
export async function removeWorkTree(store: GitStore, runPath: string): Promise<void> {
  const path = workTreeOf(runPath);
  if (path === undefined || !existsSync(dirname(path)) || !(await isWorkTree(store, path))) return;
  await store.git.run(["worktree", "remove", "--force", "--force", "--end-of-options", path]);
  rmSync(path, { recursive: true, force: true });
}
