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

/**
 * Lays out the files of the commit that a run repeats, anew where they are there already, and those that were kept
 * besides.
 * @returns paths that neither has (elsewhere, very large): they are taken as they are now
 * @throws UserError naming those that are nowhere
 */
export async function prepareWorkTree(store: GitStore, run: RunDirectory, commit: string): Promise<string[]> {
  const tree = await openWorkTree(store, run.path, commit);
  const { sources, contents } = run.record();
  const gone: string[] = [];
  for (const [path, content] of Object.entries(contents)) {
    const own = pathInRepository(sources, path);
    // Never through a link of the commit's, which may lead out of the tree.
    if (
      own === undefined ||
      occupantOf(tree, own).there !== undefined ||
      (await store.large.copyTo(content, join(tree, own))) ||
      !isInInputFolder(sources, path)
    )
      continue;
    // A folder is in the tree with all that the run had in it, as it was or as it is now.
    const today = join(currentPlaceOf(run)(dirname(path)), basename(path));
    if (!existsSync(today)) {
      gone.push(path);
      continue;
    }
    makeFolder(dirname(join(tree, own)));
    await copyFile(today, join(tree, own), constants.COPYFILE_FICLONE);
  }
  leaveOutLarge(run, tree);
  const { outside, missing } = await inputsOutsideCommit(run);
  const nowhere = [...gone, ...missing];
  if (nowhere.length > 0)
    throw new UserError(
      `Neither its commit nor this disk has ${nowhere.join(", ")}`,
      "Put it where the run had it, then try again.",
    );
  return outside;
}

/** A folder of which only names and sizes were told, and the commit has a part, is taken as it is now: whole. */
function leaveOutLarge(run: RunDirectory, tree: string): void {
  const { sources, contents } = run.record();
  for (const path of pathsOf(run.experiment())) {
    const own = pathInRepository(sources, path);
    const { there, missing } =
      own === undefined || !Object.hasOwn(contents, path) ? { there: undefined, missing: [] } : occupantOf(tree, own);
    if (
      there !== undefined &&
      there === own &&
      missing.length === 0 &&
      entryAt(join(tree, own))?.isDirectory() === true
    )
      rmSync(join(tree, own), { recursive: true });
  }
}
