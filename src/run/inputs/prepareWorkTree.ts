import { constants, existsSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import { pathsOf } from "../../experiment/experimentPaths.ts";
import { hasDigest } from "../files/contentStore.ts";
import type { GitStore } from "../git/gitStore.ts";
import { openWorkTree } from "../git/gitWorkTree.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";
import {
  inputsOutsideCommit,
  isInInputFolder,
  knownFiles,
  pathInRepository,
  presentFile,
  type KnownFile,
} from "./inputPlaces.ts";
import { entryAt, occupantOf } from "../git/occupant.ts";
import { TrainedBytes } from "../git/trainedBytes.ts";
import { phrase } from "../../base/phrase.ts";

/**
 * Writes the inputs of a reproduction into its work tree: the files of the original run's commit, byte for byte as they
 * were read, whatever git's conversions and filters make of them, and those of the content store. Can be called again
 * for the same run.
 * @param commit the original run's snapshot
 * @returns paths that neither contains (outside the repository, or very large), which are read as they are now
 * @throws UserError naming the inputs that exist nowhere, or that the commit has but not with the bytes trained on
 */
export async function prepareWorkTree(store: GitStore, run: RunDirectory, commit: string): Promise<string[]> {
  const tree = await openWorkTree(store, run.path, commit);
  const bytes = new TrainedBytes(store, commit);
  const lost: KnownFile[] = [];
  const altered: KnownFile[] = [];
  for (const file of knownFiles(run.record())) {
    const lacks = await place(run, tree, { file, bytes });
    if (lacks !== undefined) (lacks === "altered" ? altered : lost).push(file);
  }
  leaveOutLarge(run, tree);
  if (altered.length > 0)
    throw new UserError(
      "trained-bytes-missing",
      phrase`The commit has other bytes than those trained on of ${altered.map(named).join(", ")}, kept nowhere`,
      phrase`Put the files with these digests where the run had them, then try again.`,
    );
  const { outside, missing } = await inputsOutsideCommit(run);
  const nowhere = [...new Set([...lost.map(({ given }) => given), ...missing])];
  if (nowhere.length > 0)
    throw new UserError(
      "run-content-missing",
      phrase`Neither its commit nor this disk has ${nowhere.join(", ")}`,
      phrase`Put it where the run had it, then try again.`,
    );
  return outside;
}

const named = ({ path, content }: KnownFile): string => `${path} (SHA-256 ${content.sha256})`;

/**
 * Puts an input file in its place in the work tree, with the bytes trained on, where these are kept or still here. A
 * file of an input folder that neither the commit nor the store has is copied as it is now, since the folder must be
 * complete.
 * @returns "altered" if the commit has other bytes alone, "lost" if a file of a folder is nowhere, else undefined
 */
async function place(
  run: RunDirectory,
  tree: string,
  { file, bytes }: { file: KnownFile; bytes: TrainedBytes },
): Promise<"altered" | "lost" | undefined> {
  const { given, path, content } = file;
  const to = join(tree, path);
  const { occupant } = occupantOf(tree, path);
  const isThere = occupant === path && entryAt(to)?.isFile() === true;
  if (isThere && (await hasDigest(content, to))) return undefined;
  // The tree's own links may lead out of it: a file is written in a link's place, never through it.
  const clear = (): void => {
    if (occupant !== undefined && entryAt(join(tree, occupant))?.isDirectory() !== true) rmSync(join(tree, occupant));
    makeFolder(dirname(to));
  };
  if (await bytes.has(file)) {
    clear();
    await bytes.write(file, to);
    return undefined;
  }
  const now = presentFile(run, given);
  const isAltered = await bytes.isInCommit(path);
  if (isAltered && !(await hasDigest(content, now))) return "altered";
  if (!isAltered && (isThere || !isInInputFolder(run.record().sources, given))) return undefined;
  if (!existsSync(now)) return "lost";
  clear();
  await copyFile(now, to, constants.COPYFILE_FICLONE);
  return undefined;
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
