import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import type { FileDigest } from "../../base/fileDigest.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { pathsOf, withPaths } from "../../experiment/experimentPaths.ts";
import { InnerPath } from "../../base/identifiers.ts";
import { digestOf } from "../files/contentStore.ts";
import { workTreeOf } from "../git/gitWorkTree.ts";
import { repositoryAround } from "../git/repositoryAround.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";

/** Resolves the symbolic links of a path, as far as the path exists. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realOf(parent), basename(path));
}

/**
 * Maps each input path of an experiment to its path inside the repository. Leaves out paths outside it. Symbolic links
 * in either path do not matter.
 * @param top the repository's top folder
 */
export function repositoryPaths(top: string, experiment: Experiment): Record<string, string> {
  const root = realOf(top);
  const inner = (path: string): string => relative(root, realOf(path));
  return Object.fromEntries(
    pathsOf(experiment).flatMap((path) => {
      const own = isAbsolute(path) ? inner(path) : "";
      return own === "" || own === ".." || own.startsWith(`..${sep}`) || isAbsolute(own)
        ? []
        : [[path, own.split(sep).join("/")]];
    }),
  );
}

/**
 * Returns the folders that may now contain a run's inputs: the repositories around the run's folder and around the
 * current folder, or those folders themselves if they are in no repository.
 */
function roots(runPath: string): string[] {
  const folder = realOf(dirname(dirname(dirname(runPath))));
  const here = process.cwd();
  return [...new Set([repositoryAround(folder) ?? folder, repositoryAround(here) ?? here])];
}

/**
 * Returns the path inside the repository of an input, or of a file in an input folder; undefined if it was outside.
 * `sources` can come from other people, so that a path may be called like an inherited property.
 * @param sources as in `RunRecord`
 */
export function pathInRepository(sources: Readonly<Record<string, string>>, path: string): string | undefined {
  if (Object.hasOwn(sources, path)) return sources[path];
  const folder = dirname(path);
  const own = Object.hasOwn(sources, folder) ? InnerPath.safeParse(`${sources[folder]!}/${basename(path)}`) : undefined;
  return own?.data;
}

/** Whether a path is a file in an input folder, and not itself an input. */
export const isInInputFolder = (sources: Readonly<Record<string, string>>, path: string): boolean =>
  !Object.hasOwn(sources, path) && Object.hasOwn(sources, dirname(path));

/**
 * Returns a function that finds a run's inputs: in its work tree if it reproduces another run, else where they were,
 * else in a repository that has been moved or cloned. A path that is found nowhere is returned as it is.
 */
function placeOf(run: RunDirectory): (path: string) => string {
  const tree = run.experiment().reproduces === undefined ? undefined : workTreeOf(run.path);
  return placeIn(run, tree);
}

/** Returns a function that finds a run's inputs as `placeOf` does, but not in the work tree. */
export const currentPlaceOf = (run: RunDirectory): ((path: string) => string) => placeIn(run, undefined);

function placeIn(run: RunDirectory, tree: string | undefined): (path: string) => string {
  const { sources } = run.record();
  const there = (top: string, path: string): string | undefined => {
    const own = pathInRepository(sources, path);
    const found = own === undefined ? undefined : join(top, own);
    return found !== undefined && existsSync(found) ? found : undefined;
  };
  const elsewhere = (path: string): string | undefined =>
    roots(run.path)
      .map((root) => there(root, path))
      .find((found) => found !== undefined);
  return (path) =>
    (tree !== undefined ? there(tree, path) : undefined) ?? (existsSync(path) ? path : elsewhere(path)) ?? path;
}

/** Returns a run's experiment with the paths of its inputs where they are now. */
export const locatedExperiment = (run: RunDirectory): Experiment => withPaths(run.experiment(), placeOf(run));

/** Whether a file still has the digest. False for a folder of which only names and sizes were hashed. */
async function hasDigest({ sha256 }: FileDigest, path: string): Promise<boolean> {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && (await digestOf(path)).sha256 === sha256;
}

/**
 * Checks the inputs of a reproduction.
 * @returns `outside`: paths that the commit does not contain and whose content is not known to be that of the original
 * run; `missing`: those of them that do not exist
 */
export async function inputsOutsideCommit(run: RunDirectory): Promise<{ outside: string[]; missing: string[] }> {
  const { sources, contents } = run.record();
  const tree = workTreeOf(run.path);
  const place = placeOf(run);
  const outside: string[] = [];
  for (const path of pathsOf(run.experiment())) {
    const own = pathInRepository(sources, path);
    const now = place(path);
    const parts = Object.entries(contents).filter(([file]) => file === path || dirname(file) === path);
    const changed: string[] = [];
    for (const [file, held] of parts)
      if (!(await hasDigest(held, file === path ? now : join(now, basename(file))))) changed.push(file);
    // The work tree has what the commit contains; anything else was copied from elsewhere.
    if (tree !== undefined && own !== undefined && existsSync(join(tree, own)))
      outside.push(...changed.filter((file) => file !== path));
    else if (parts.length === 0 || changed.length > 0) outside.push(path);
  }
  return { outside, missing: outside.filter((path) => !existsSync(place(path)) && !isInInputFolder(sources, path)) };
}
