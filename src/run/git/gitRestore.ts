import { rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { keepBackup, putBack, type Backup } from "./gitBackup.ts";
import { isResult } from "./gitResults.ts";
import { writeWorkTree } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";
import { occupantOf } from "./occupant.ts";

/**
 * A file that restoring would write: changed since, or gone. `instead`: a file or a link that now stands in the place
 * of one of its folders.
 */
export interface RestorableFile {
  path: string;
  status: "changed" | "gone";
  instead?: string;
}

/**
 * Brings files of a run's commit back into the work tree, after a backup of what is there. HEAD and index stay as they
 * are.
 */
export class GitRestore {
  constructor(private readonly store: GitStore) {}

  private get top(): string {
    return this.store.git.folder;
  }

  /**
   * Files of a commit that are other, or missing, in the work tree; the run's own results left out, and so are
   * submodules, which are no files.
   */
  async differences(commit: string): Promise<RestorableFile[]> {
    const tree = await this.store.withIndex(async (index) => (await writeWorkTree(this.store.git, index)).tree);
    const files = (await this.store.changedFiles(tree, commit)).filter(
      ({ path, status, submodule }) => status !== "deleted" && !submodule && !isResult(path),
    );
    // What the snapshot leaves out (large, ignored) is no file of the tree, though it may lie there.
    return files.map(({ path }) => {
      const { there } = occupantOf(this.top, path);
      return {
        path,
        status: there === path ? "changed" : "gone",
        ...(there !== undefined && there !== path && { instead: there }),
      };
    });
  }

  /**
   * Writes files as a commit has them.
   * @returns the backup, which undo takes
   * @throws UserError naming what stands in the way and cannot be kept; nothing has changed then
   */
  async restore(commit: string, paths: readonly string[]): Promise<Backup> {
    objectId(commit);
    const kept = await keepBackup(this.store, paths);
    try {
      for (const path of kept.had) if (!paths.includes(path)) rmSync(join(this.top, path));
      await this.write(commit, paths);
    } catch (error) {
      await this.undo(kept.backup);
      throw error;
    }
    return kept;
  }

  /** Puts everything back as it was before the backup, to the byte; what was not there is taken away again. */
  undo(backup: string): Promise<void> {
    return putBack(this.store, backup);
  }

  /** The backup's commit. @param ref refs/adept/backup/…, or its last part @throws UserError when there is none */
  async backupAt(ref: string): Promise<string> {
    const name = ref.split("/").at(-1)!;
    const commit = /^[\w-]+$/.test(name)
      ? await this.store.git.lineOrUndefined(["rev-parse", "--verify", "-q", `refs/adept/backup/${name}^{commit}`])
      : undefined;
    if (commit === undefined || commit === "")
      throw new UserError(`There is no backup ${ref}`, "See git for-each-ref refs/adept/backup.");
    return commit;
  }

  private async write(commit: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    await this.store.withIndex(async (index) => {
      const { git } = this.store;
      const env = { GIT_INDEX_FILE: index };
      // Plumbing on a private index: the user's own is neither locked nor changed, and no hook of a checkout runs.
      await git.run(["read-tree", "--end-of-options", commit], env);
      for (let at = 0; at < paths.length; at += 200)
        await git.run(["checkout-index", "--force", "--", ...paths.slice(at, at + 200)], env);
    });
  }
}
