import { statSync } from "node:fs";
import { FileDigest } from "../../base/fileDigest.ts";
import type { ContentStore } from "../files/contentStore.ts";
import type { GitProcess } from "./gitProcess.ts";

/**
 * The folder of the runs' files in commits. It is not the folder of the live runs: otherwise checking out a run's
 * branch would overwrite them, and leaving it would delete them.
 */
export const RESULTS = "adept-results/";
/** The folder that older versions used. */
const BEFORE = ".adept/runs/";

/**
 * Returns the path in a commit of a run's file.
 * @param path its path in the run's folder
 */
export const resultPath = (id: string, path: string): string => `${RESULTS}${id}/${path}`;

/** Returns the folders that may contain a run's files in its commit, that of older versions first. */
export const resultFolders = (id: string): [string, string] => [`${BEFORE}${id}/`, `${RESULTS}${id}/`];

/** Whether a path in a commit belongs to a run, and not to the user's code. */
export const isResult = (path: string): boolean => path.startsWith(".adept/") || path.startsWith(RESULTS);

/** A file of at least this size (bytes) is not committed; the commit has a pointer file with its digest instead. */
const LARGE = 16 * 1024 * 1024;
const POINTER = ".large.json";

/**
 * Returns the path of the large file that a pointer file stands for; undefined if the path is not that of a pointer
 * file.
 */
export const pointedAt = (path: string): string | undefined =>
  path.endsWith(POINTER) ? path.slice(0, -POINTER.length) : undefined;

/**
 * Reads a pointer file.
 * @throws a ZodError or SyntaxError when the text is not one
 */
export const readPointer = (text: string): FileDigest => FileDigest.parse(JSON.parse(text));

/** Stores a run's file as a git blob. A large file goes to the content store, and the blob is its pointer. */
async function blobOf(git: GitProcess, store: ContentStore, source: string): Promise<{ blob: string; large: boolean }> {
  if (statSync(source).size < LARGE)
    return { large: false, blob: await git.line(["hash-object", "-w", "--no-filters", "--end-of-options", source]) };
  return {
    large: true,
    blob: (
      await git.runWithInput(["hash-object", "-w", "--stdin"], `${JSON.stringify(await store.keep(source))}\n`)
    ).trim(),
  };
}

/**
 * Adds a run's files to an index, each either as itself or as a pointer.
 * @param files `path`: in the run's folder, `source`: the file to read
 */
export async function addResults(
  { git, large: store }: { git: GitProcess; large: ContentStore },
  index: string,
  { id, files }: { id: string; files: readonly { path: string; source: string }[] },
): Promise<void> {
  const lines: string[] = [];
  for (const { path, source } of files) {
    const { blob, large } = await blobOf(git, store, source);
    const plain = resultPath(id, path);
    const pointer = `${plain}${POINTER}`;
    lines.push(
      `0 ${"0".repeat(blob.length)}\t${large ? plain : pointer}`,
      `100644 ${blob} 0\t${large ? pointer : plain}`,
    );
  }
  if (lines.length > 0)
    await git.runWithInput(["update-index", "-z", "--index-info"], `${lines.join("\0")}\0`, { GIT_INDEX_FILE: index });
}

/**
 * Moves the runs' files in an index from the folder of older versions to `RESULTS`.
 * @param id only this run's files
 * @returns whether there were any
 */
export async function moveOldResults(git: GitProcess, index: string, id?: string): Promise<boolean> {
  const env = { GIT_INDEX_FILE: index };
  const listed = async (folder: string): Promise<string[]> =>
    (await git.run(["ls-files", "-s", "-z", "--", folder], env)).split("\0").filter((line) => line !== "");
  const old = await listed(id === undefined ? BEFORE : `${BEFORE}${id}/`);
  const kept = new Set((await listed(RESULTS)).map((line) => line.slice(line.indexOf("\t") + 1)));
  const lines = old.flatMap((line) => {
    const [mode = "", object = ""] = line.split(" ");
    const path = line.slice(line.indexOf("\t") + 1);
    const to = RESULTS + path.slice(BEFORE.length);
    return [`0 ${"0".repeat(object.length)}\t${path}`, ...(kept.has(to) ? [] : [`${mode} ${object} 0\t${to}`])];
  });
  if (lines.length > 0) await git.runWithInput(["update-index", "-z", "--index-info"], `${lines.join("\0")}\0`, env);
  return lines.length > 0;
}
