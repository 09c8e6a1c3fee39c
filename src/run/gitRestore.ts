import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../experiment/errors.ts";
import { isResult } from "./gitResults.ts";
import type { GitStore } from "./gitStore.ts";
import { writeWorkTree } from "./gitSnapshot.ts";

const BACKUPS = "refs/adept/backup";

/** A file that restoring would write: changed since, or gone. */
export interface RestorableFile { path: string; status: "changed" | "gone" }

/** Brings files of a run's commit back into the work tree, after a backup of what is there. HEAD and index stay as they are. */
export class GitRestore {
  constructor(private readonly store: GitStore) {}

  private get top(): string { return this.store.git.folder; }

  /** Files of a commit that are other, or missing, in the work tree; the run's own results left out. */
  async differences(commit: string): Promise<RestorableFile[]> {
    const tree = await this.store.withIndex(async (index) => (await writeWorkTree(this.store.git, index)).tree);
    const files = (await this.store.changedFiles(tree, commit)).filter(({ path, status }) => status !== "deleted" && !isResult(path));
    // What the snapshot leaves out (large, ignored) is no file of the tree, though it may lie there.
    return files.map(({ path, status }) => ({ path, status: status === "added" && !existsSync(join(this.top, path)) ? "gone" : "changed" }));
  }

  /**
   * Writes files as a commit has them.
   * @returns the backup's commit, which undo takes @throws UserError when a file that would be overwritten cannot be kept in the backup
   */
  async restore(commit: string, paths: readonly string[]): Promise<{ backup: string; ref: string }> {
    const kept = await this.backup(paths);
    await this.write(commit, paths);
    return kept;
  }

  /** Puts files back as the backup has them; those that it has not are taken away again. */
  async undo(backup: string, paths: readonly string[]): Promise<void> {
    const had = await this.pathsOf(backup);
    await this.write(backup, paths.filter((path) => had.has(path)));
    for (const path of paths) if (!had.has(path)) rmSync(join(this.top, path), { force: true });
  }

  private async pathsOf(commit: string): Promise<Set<string>> { return new Set((await this.store.git.run(["ls-tree", "-r", "-z", "--name-only", commit])).split("\0")); }

  private async backup(paths: readonly string[]): Promise<{ backup: string; ref: string }> {
    const { git } = this.store;
    return this.store.withIndex(async (index) => {
      const { tree } = await writeWorkTree(git, index, paths.filter((path) => existsSync(join(this.top, path)))), head = await git.maybe(["rev-parse", "--verify", "-q", "HEAD"]), kept = await this.pathsOf(tree);
      const lost = paths.find((path) => existsSync(join(this.top, path)) && !kept.has(path));
      if (lost !== undefined) throw new UserError(`${lost} cannot be kept in the backup`, "Move it away first.");
      const backup = await this.store.commitTree(tree, head === "" ? undefined : head, { index, message: `adept: before files of ${paths.length === 1 ? paths[0]! : `${paths.length} paths`} were restored` });
      const stamp = new Date().toISOString().replace(/\D/g, ""), ref = `${BACKUPS}/${stamp.slice(0, 8)}-${stamp.slice(8, 14)}-${randomBytes(2).toString("hex")}`;
      await git.run(["update-ref", "-m", "adept backup", ref, backup, "0".repeat(backup.length)]);
      return { backup, ref };
    });
  }

  private async write(commit: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    await this.store.withIndex(async (index) => {
      const { git } = this.store, env = { GIT_INDEX_FILE: index };
      // Plumbing on a private index: the user's own is neither locked nor changed, and no hook of a checkout runs.
      await git.run(["read-tree", commit], env);
      for (let at = 0; at < paths.length; at += 200) await git.run(["checkout-index", "--force", "--", ...paths.slice(at, at + 200)], env);
    });
  }
}
