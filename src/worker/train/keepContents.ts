import { statSync } from "node:fs";
import type { FileDigest } from "../../base/fileDigest.ts";
import type { NewRunEvent } from "../../record/events.ts";
import { pathsOf } from "../../experiment/experimentPaths.ts";
import { digestOf } from "../../run/files/contentStore.ts";
import { inputFilesIn, outlineDigest } from "../../run/files/inputFiles.ts";
import type { GitStore } from "../../run/git/gitStore.ts";
import { looksSecret } from "../../run/git/gitSnapshot.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { pathInRepository } from "../../run/inputs/inputPlaces.ts";

/** A file above this (bytes) is told by what it holds, and not kept. */
const MOST_KEPT = 256 * 1024 * 1024;
/**
 * Of a folder with more files, or more bytes, that its commit lacks, names and sizes are told: reading all of it would
 * hold up every start.
 */
const MOST_FILES = 60;
const MOST_FOLDER_BYTES = 1024 * 1024 * 1024;

interface Lacking {
  path: string;
  bytes: number;
}

/** Those of some files, all at one path of the experiment, that git does not have. */
async function untracked(
  store: GitStore,
  files: readonly Lacking[],
  { path, own }: { path: string; own: string | undefined },
): Promise<Lacking[]> {
  if (own === undefined || files.length === 0) return [...files];
  // What git will not list (a submodule's own) it does not have.
  const tracked = new Set(
    ((await store.git.lineOrUndefined(["ls-files", "-z", "--full-name", "--", `:(top,literal)${own}`])) ?? "").split(
      "\0",
    ),
  );
  return files.filter((each) => !tracked.has(`${own}${each.path.slice(path.length).replaceAll("\\", "/")}`));
}

/** What a file of the experiment holds, kept where it can be. */
async function kept(store: GitStore, { path, bytes }: Lacking, isOwn: boolean): Promise<FileDigest> {
  return isOwn && bytes <= MOST_KEPT && !looksSecret(path) && store.large.hasRoomFor(bytes)
    ? store.large.keep(path)
    : digestOf(path);
}

/**
 * Says once what files of the experiment, and of folders that it names, hold that its commit will lack (ignored, large,
 * elsewhere), and keeps those in the repository's folder by it: a run that repeats this one has them though they have
 * changed.
 */
export async function keepContents(
  run: RunDirectory,
  store: GitStore,
  emit: (event: NewRunEvent) => void,
): Promise<void> {
  const { sources, contents } = run.record();
  const files: Record<string, FileDigest> = {};
  if (Object.keys(contents).length > 0) return;
  for (const path of pathsOf(run.experiment())) {
    const own = pathInRepository(sources, path);
    const entry = statSync(path, { throwIfNoEntry: false });
    const isFolder = entry?.isDirectory() === true;
    const lacking = await untracked(
      store,
      entry?.isFile() === true ? [{ path, bytes: entry.size }] : isFolder ? inputFilesIn(path) : [],
      { path, own },
    );
    if (isFolder && (lacking.length > MOST_FILES || outlineDigest(lacking).bytes > MOST_FOLDER_BYTES))
      files[path] = outlineDigest(lacking);
    else for (const each of lacking) files[each.path] = await kept(store, each, own !== undefined);
  }
  if (Object.keys(files).length > 0) emit({ type: "contents", files });
}
