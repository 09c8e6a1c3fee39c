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

/** A path with its links followed, as far as it is there. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realOf(parent), basename(path));
}

/**
 * Where in a repository each path of an experiment lies, those outside left out; by whatever links either was opened.
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
 * Folders that a run's sources may lie in now: the repository around the run, or around the process that reads it, and
 * the folders themselves where there is none.
 */
function roots(runPath: string): string[] {
  const folder = realOf(dirname(dirname(dirname(runPath))));
  const here = process.cwd();
  return [...new Set([repositoryAround(folder) ?? folder, repositoryAround(here) ?? here])];
}

/** Where a path lay, or a file of a folder that is one; a path may be called as what every object has. */
export function pathInRepository(sources: Readonly<Record<string, string>>, path: string): string | undefined {
  if (Object.hasOwn(sources, path)) return sources[path];
  const folder = dirname(path);
  const own = Object.hasOwn(sources, folder) ? InnerPath.safeParse(`${sources[folder]!}/${basename(path)}`) : undefined;
  return own?.data;
}

/** Whether a path is not one of the experiment's own, but a file of a folder that is. */
export const isInInputFolder = (sources: Readonly<Record<string, string>>, path: string): boolean =>
  !Object.hasOwn(sources, path) && Object.hasOwn(sources, dirname(path));

/**
 * Where a run's files are now: in its work tree while it repeats another run, and in the repository where that has
 * moved, or is another's. A path that is found nowhere stays as it was written.
 */
function placeOf(run: RunDirectory): (path: string) => string {
  const tree = run.experiment().reproduces === undefined ? undefined : workTreeOf(run.path);
  return placeIn(run, tree);
}

/** Where a run's files are now, whatever of them its work tree has. */
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

/** A run's experiment with its files where they are now. */
export const locatedExperiment = (run: RunDirectory): Experiment => withPaths(run.experiment(), placeOf(run));

/** Whether a file holds what it held; of a folder of which only names and sizes were told nobody knows. */
async function isStill({ sha256 }: FileDigest, path: string): Promise<boolean> {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && (await digestOf(path)).sha256 === sha256;
}

/**
 * Of a run that repeats another: paths that its work tree lacks, or has otherwise, and that do not hold what they held,
 * as far as that is known; and those of them that are nowhere.
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
      if (!(await isStill(held, file === path ? now : join(now, basename(file))))) changed.push(file);
    // What the commit has of it was laid out anew; what it lacks came from elsewhere.
    if (tree !== undefined && own !== undefined && existsSync(join(tree, own)))
      outside.push(...changed.filter((file) => file !== path));
    else if (parts.length === 0 || changed.length > 0) outside.push(path);
  }
  return { outside, missing: outside.filter((path) => !existsSync(place(path)) && !isInInputFolder(sources, path)) };
}
