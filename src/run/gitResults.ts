import type { GitProcess } from "./gitProcess.ts";

/** Where a commit has the files of runs: never where the live ones lie, or checking it out would write over them, and leaving it would take them away. */
const RESULTS = "adept-results/";
/** Where older versions put them. */
const BEFORE = ".adept/runs/";

/** A file's place in the run's commit. @param path below the run's folder */
export const resultPath = (id: string, path: string): string => `${RESULTS}${id}/${path}`;

/** Folders of a run's files in its commit, older versions' first. */
export const resultFolders = (id: string): [string, string] => [`${BEFORE}${id}/`, `${RESULTS}${id}/`];

/** Whether a path of a commit is a run's own, and no code of the user's. */
export const isResult = (path: string): boolean => path.startsWith(".adept/") || path.startsWith(RESULTS);

/** Moves what an index has where live runs lie to where results lie. @param id only this run's files @returns whether there was anything */
export async function moveOldResults(git: GitProcess, index: string, id?: string): Promise<boolean> {
  const env = { GIT_INDEX_FILE: index }, listed = async (folder: string): Promise<string[]> => (await git.run(["ls-files", "-s", "-z", "--", folder], env)).split("\0").filter((line) => line !== "");
  const old = await listed(id === undefined ? BEFORE : `${BEFORE}${id}/`), kept = new Set((await listed(RESULTS)).map((line) => line.slice(line.indexOf("\t") + 1)));
  const lines = old.flatMap((line) => {
    const [mode = "", object = ""] = line.split(" "), path = line.slice(line.indexOf("\t") + 1), to = RESULTS + path.slice(BEFORE.length);
    return [`0 ${"0".repeat(object.length)}\t${path}`, ...(kept.has(to) ? [] : [`${mode} ${object} 0\t${to}`])];
  });
  if (lines.length > 0) await git.fed(["update-index", "-z", "--index-info"], `${lines.join("\0")}\0`, env);
  return lines.length > 0;
}
