import { constants, existsSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import { pathsOf } from "../../experiment/experimentPaths.ts";
import type { GitStore } from "../git/gitStore.ts";
import { openWorkTree } from "../git/gitWorkTree.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";
import { isInInputFolder, inputsOutsideCommit, pathInRepository, currentPlaceOf } from "./inputPlaces.ts";
import { entryAt, occupantOf } from "../git/occupant.ts";
import { phrase } from "../../base/phrase.ts";

/**
 * Writes the inputs of a reproduction into its work tree: the files of the original run's commit, and those of the
 * content store. Can be called again for the same run.
 * @param commit the original run's snapshot
 * @returns paths that neither contains (outside the repository, or very large), which are read as they are now
 * @throws UserError naming the inputs that exist nowhere
 */
export async function prepareWorkTree(store: GitStore, run: RunDirectory, commit: string): Promise<string[]> {
  const tree = await openWorkTree(store, run.path, commit);
  const { sources, contents } = run.record();
  const lost: string[] = [];
  for (const [path, content] of Object.entries(contents)) {
    const own = pathInRepository(sources, path);
    // The commit may contain a symbolic link that leads out of the tree.
    if (
      own === undefined ||
      occupantOf(tree, own).occupant !== undefined ||
      (await store.large.copyTo(content, join(tree, own))) ||
      !isInInputFolder(sources, path)
    )
      continue;
    // An input folder must be complete in the work tree. A file that neither the commit nor the store has is copied as
    // it is now.
    const present = join(currentPlaceOf(run)(dirname(path)), basename(path));
    if (!existsSync(present)) {
      lost.push(path);
      continue;
    }
    makeFolder(dirname(join(tree, own)));
    await copyFile(present, join(tree, own), constants.COPYFILE_FICLONE);
  }
  leaveOutLarge(run, tree);
  const { outside, missing } = await inputsOutsideCommit(run);
  const nowhere = [...lost, ...missing];
  if (nowhere.length > 0)
    throw new UserError(
      "run-content-missing",
      phrase`Neither its commit nor this disk has ${nowhere.join(", ")}`,
      phrase`Put it where the run had it, then try again.`,
    );
  return outside;
}

/**
 * Deletes from the work tree the folders of which only names and sizes were hashed and which the commit contains in
 * part: such a folder is read as it is now, as a whole.
 */
function leaveOutLarge(run: RunDirectory, tree: string): void {
  const { sources, contents } = run.record();
  for (const path of pathsOf(run.experiment())) {
    const own = pathInRepository(sources, path);
    const { occupant, missing } =
      own === undefined || !Object.hasOwn(contents, path)
        ? { occupant: undefined, missing: [] }
        : occupantOf(tree, own);
    if (
      occupant !== undefined &&
      occupant === own &&
      missing.length === 0 &&
      entryAt(join(tree, own))?.isDirectory() === true
    )
      rmSync(join(tree, own), { recursive: true });
  }
}
