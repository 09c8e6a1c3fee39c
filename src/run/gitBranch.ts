import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../experiment/errors.ts";
import type { GitStore } from "./gitStore.ts";

/** Makes a branch at a commit, and nothing else: HEAD stays where it is. @throws UserError when the name is no branch name, or taken */
export async function makeBranch({ git }: GitStore, name: string, commit: string): Promise<void> {
  if (await git.maybe(["check-ref-format", "--branch", name]) !== name) throw new UserError(`"${name}" cannot be a branch's name`, "Use letters, digits, - and /.");
  if (await git.maybe(["rev-parse", "--verify", "-q", `refs/heads/${name}`])) throw new UserError(`There is a branch "${name}" already`, "Choose another name.");
  await git.run(["update-ref", "-m", "adept branch", `refs/heads/${name}`, commit, "0".repeat(commit.length)]);
}

/** A work tree of its own with a commit's files, no branch, and no hook run. @param path a folder that is not there yet */
export async function addWorkTree(store: GitStore, path: string, commit: string): Promise<void> {
  if (existsSync(path)) throw new UserError(`${path} is there already`, "Remove it, or reproduce another run.");
  mkdirSync(dirname(path), { recursive: true });
  await store.git.run(["worktree", "add", "--detach", "--no-checkout", path, commit]);
  // Plumbing writes the files: hooks of a checkout do not run.
  const inside = store.git.at(path);
  await inside.run(["read-tree", "HEAD"]);
  await inside.run(["checkout-index", "--all", "--force"]);
}

export async function removeWorkTree({ git }: GitStore, path: string): Promise<void> {
  await git.maybe(["worktree", "remove", "--force", path]);
  rmSync(path, { recursive: true, force: true });
}
