import { rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { keepBackup, restoreBackup, type Backup } from "./gitBackup.ts";
import { phrase } from "../../base/phrase.ts";
import { isResult } from "./gitResults.ts";
import { writeWorkTree } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";
import { hasDigest } from "../files/contentStore.ts";
import { occupantOf } from "./occupant.ts";
import { TrainedBytes, type TrainedFile } from "./trainedBytes.ts";

/** A file that restoring would write. */
export interface RestorableFile {
  /** Its path inside the repository. */
  path: string;
  /** Whether the work tree has it with another content, or does not have it. */
  status: "changed" | "gone";
  /** The path of a file or link that now stands in the place of one of its folders; restoring replaces it. */
  instead?: string;
}

/**
 * Restores files of a run's commit in the work tree, after a backup of the files that it replaces. HEAD and the user's
 * index do not change. The run's input files are compared and written byte for byte as the run read them, whatever
 * git's conversions and filters make of them, also those that the commit does not contain.
 */
export class GitRestore {
  /** @param inputs the run's input files */
  constructor(
    private readonly store: GitStore,
    private readonly inputs: readonly TrainedFile[] = [],
  ) {}

  private get top(): string {
    return this.store.git.folder;
  }

  /**
   * Lists the files of a commit that the work tree has otherwise or not at all. Leaves out the runs' own results and
   * submodules.
   * @param commit the commit to compare with
   */
  async differences(commit: string): Promise<RestorableFile[]> {
    const tree = await this.store.withIndex(async (index) => (await writeWorkTree(this.store.git, index)).tree);
    const files = (await this.store.changedFiles(tree, commit)).filter(
      ({ path, status, submodule }) => status !== "deleted" && !submodule && !isResult(path),
    );
    // A file that the snapshot leaves out (large or ignored) may exist in the work tree, although the commit's tree
    // lacks it.
    const inputs = new Set(this.inputs.map(({ path }) => path));
    const paths = [
      ...files.flatMap(({ path }) => (inputs.has(path) ? [] : [path])),
      ...(await this.changedInputs(commit)),
    ];
    return paths.sort().map((path) => {
      const { occupant } = occupantOf(this.top, path);
      return {
        path,
        status: occupant === path ? "changed" : "gone",
        ...(occupant !== undefined && occupant !== path && { instead: occupant }),
      };
    });
  }

  /** The inputs of which the work tree has other bytes, and whose own are kept. */
  private async changedInputs(commit: string): Promise<string[]> {
    const bytes = new TrainedBytes(this.store, commit);
    const changed: string[] = [];
    for (const file of this.inputs)
      if (!(await hasDigest(file.content, join(this.top, file.path))) && (await bytes.has(file)))
        changed.push(file.path);
    return changed;
  }

  /**
   * Writes files as they are in a commit. If it fails, the work tree is as before.
   * @param paths paths inside the repository
   * @returns the backup to pass to `undo`
   * @throws UserError naming what stands in the way and cannot be saved
   */
  async restore(commit: string, paths: readonly string[]): Promise<Backup> {
    objectId(commit);
    const kept = await keepBackup(this.store, paths);
    try {
      for (const path of kept.had) if (!paths.includes(path)) rmSync(join(this.top, path));
      const inputs = this.inputs.filter(({ path }) => paths.includes(path));
      await this.write(
        commit,
        paths.filter((path) => !inputs.some((each) => each.path === path)),
      );
      const bytes = new TrainedBytes(this.store, commit);
      for (const file of inputs)
        if (!(await bytes.write(file, join(this.top, file.path))))
          throw new UserError(
            "trained-bytes-gone",
            phrase`The bytes of ${file.path} that were trained on are kept nowhere (SHA-256 ${file.content.sha256})`,
          );
    } catch (error) {
      await this.undo(kept.backup);
      throw error;
    }
    return kept;
  }

  /**
   * Restores the state before the backup, byte for byte, and deletes the files that did not exist then.
   * @param backup the backup's commit
   */
  undo(backup: string): Promise<void> {
    return restoreBackup(this.store, backup);
  }

  /**
   * Returns the commit of a backup.
   * @param ref the ref refs/adept/backup/NAME, or NAME alone
   * @throws UserError when there is none
   */
  async backupAt(ref: string): Promise<string> {
    const name = ref.split("/").at(-1)!;
    const commit = /^[\w-]+$/.test(name)
      ? await this.store.git.lineOrUndefined(["rev-parse", "--verify", "-q", `refs/adept/backup/${name}^{commit}`])
      : undefined;
    if (commit === undefined || commit === "")
      throw new UserError(
        "backup-missing",
        phrase`There is no backup ${ref}`,
        phrase`See git for-each-ref refs/adept/backup.`,
      );
    return commit;
  }

  private async write(commit: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    await this.store.withIndex(async (index) => {
      const { git } = this.store;
      const env = { GIT_INDEX_FILE: index };
      // Plumbing on a private index: the user's index is neither locked nor changed, and no checkout hook runs.
      await git.run(["read-tree", "--end-of-options", commit], env);
      for (let at = 0; at < paths.length; at += 200)
        await git.run(["checkout-index", "--force", "--", ...paths.slice(at, at + 200)], env);
    });
  }
}
