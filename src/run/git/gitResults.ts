import { statSync } from "node:fs";
import { FileDigest } from "../../base/fileDigest.ts";
import type { ContentStore } from "../files/contentStore.ts";
import type { GitProcess } from "./gitProcess.ts";

/**
 * Where a commit has the files of runs: never where the live ones lie, or checking it out would write over them, and
 * leaving it would take them away.
 */
export const RESULTS = "adept-results/";
/** Where older versions put them. */
const BEFORE = ".adept/runs/";

/** A file's place in the run's commit. @param path below the run's folder */
export const resultPath = (id: string, path: string): string => `${RESULTS}${id}/${path}`;

/** Folders of a run's files in its commit, older versions' first. */
export const resultFolders = (id: string): [string, string] => [`${BEFORE}${id}/`, `${RESULTS}${id}/`];

/** Whether a path of a commit is a run's own, and no code of the user's. */
export const isResult = (path: string): boolean => path.startsWith(".adept/") || path.startsWith(RESULTS);

/** A file of this size (bytes) and more is no blob of a commit: the commit says what it held. */
const LARGE = 16 * 1024 * 1024;
const POINTER = ".large.json";

/** Of a file in a commit that only says what a larger one held: that one's path. */
export const pointedAt = (path: string): string | undefined =>
  path.endsWith(POINTER) ? path.slice(0, -POINTER.length) : undefined;

/** What a pointer says. @throws where it is none */
export const readPointer = (text: string): FileDigest => FileDigest.parse(JSON.parse(text));

/** The blob that a commit has of a run's file: the file's, or for a large one, which goes to the store, a pointer's. */
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
 * Puts a run's files into an index, each once: as itself or as a pointer.
 * @param files `path` below the run's folder, `source` on disk
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
 * Moves what an index has where live runs lie to where results lie.
 * @param id only this run's files
 * @returns whether there was anything
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
