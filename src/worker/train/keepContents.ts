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

/** The largest file (bytes) that is kept; of a larger one only the digest is recorded. */
const MOST_KEPT = 256 * 1024 * 1024;
/**
 * Of a folder with more files, or more bytes, that its commit lacks, only names and sizes are recorded: reading all of
 * it would delay every start.
 */
const MOST_FILES = 60;
const MOST_FOLDER_BYTES = 1024 * 1024 * 1024;

interface Lacking {
  path: string;
  bytes: number;
}

/** The files that git does not track; all are at one path of the experiment. */
async function untracked(
  store: GitStore,
  files: readonly Lacking[],
  { path, own }: { path: string; own: string | undefined },
): Promise<Lacking[]> {
  if (own === undefined || files.length === 0) return [...files];
  // Files that git does not list, such as a submodule's, count as not tracked.
  const tracked = new Set(
    ((await store.git.lineOrUndefined(["ls-files", "-z", "--full-name", "--", `:(top,literal)${own}`])) ?? "").split(
      "\0",
    ),
  );
  return files.filter((each) => !tracked.has(`${own}${each.path.slice(path.length).replaceAll("\\", "/")}`));
}

/** Records what a file of the experiment holds, and keeps a copy where that is possible. */
async function kept(store: GitStore, { path, bytes }: Lacking, isOwn: boolean): Promise<FileDigest> {
  return isOwn && bytes <= MOST_KEPT && !looksSecret(path) && store.large.hasRoomFor(bytes)
    ? store.large.keep(path)
    : digestOf(path);
}

/**
 * Records once which files of the experiment, and of folders that it names, its commit will lack (ignored, large, or
 * outside the repository). Those in the repository's folder are also kept beside it, so that a run that repeats this
 * one has them even after they change.
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
    const inputs = isFolder ? inputFilesIn(path) : [];
    if (entry?.isFile() === true) inputs.push({ path, bytes: entry.size });
    const lacking = await untracked(store, inputs, { path, own });
    if (isFolder && (lacking.length > MOST_FILES || outlineDigest(lacking).bytes > MOST_FOLDER_BYTES))
      files[path] = outlineDigest(lacking);
    else for (const each of lacking) files[each.path] = await kept(store, each, own !== undefined);
  }
  if (Object.keys(files).length > 0) emit({ type: "contents", files });
}
