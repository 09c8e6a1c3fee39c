import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import type { Experiment } from "../../experiment/experiment.ts";
import { pathsOf, withPaths } from "../../experiment/experimentPaths.ts";
import { InnerPath } from "../../base/identifiers.ts";
import type { InputDigest } from "../../record/events.ts";
import type { RunRecord } from "../../record/record.ts";
import { hasDigest } from "../files/contentStore.ts";
import { workTreeOf } from "../git/gitWorkTree.ts";
import { repositoryAround } from "../git/repositoryAround.ts";
import type { TrainedFile } from "../git/trainedBytes.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";

/** Resolves the symbolic links of a path, as far as the path exists. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realOf(parent), basename(path));
}

/**
 * Maps each input path of an experiment to its path inside the repository. Leaves out paths outside it. Symbolic links
 * in either path do not matter, except a link in the repository that leads out of it: then the path is the link's.
 * @param top the repository's top folder
 */
export function repositoryPaths(top: string, experiment: Experiment): Record<string, string> {
  const root = realOf(top);
  return Object.fromEntries(
    pathsOf(experiment).flatMap((path) => {
      const own = isAbsolute(path) ? innerPath(root, path) : undefined;
      return own === undefined ? [] : [[path, own]];
    }),
  );
}

/** Returns a path relative to a folder, separated by /; undefined for a path outside it. */
function innerPath(root: string, path: string): string | undefined {
  const inner = (real: string): string | undefined => {
    const own = relative(root, real);
    return own === ".." || own.startsWith(`..${sep}`) || isAbsolute(own) ? undefined : own;
  };
  // The longest part of the path that leads into the folder; behind it may be a link that leads out.
  for (let at = path; ; at = dirname(at)) {
    const own = inner(realOf(at));
    if (own !== undefined) return join(own, relative(at, path)).split(sep).join("/").replace(/^\.$/, "") || undefined;
    if (dirname(at) === at) return undefined;
  }
}

/** Whether a path inside the repository leads out of it, by a symbolic link. */
export function leadsOut(top: string, own: string): boolean {
  const way = relative(realOf(top), realOf(join(top, own)));
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
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

/** Returns where a recorded input file is now: an input, or a file of an input folder. */
export function presentFile(run: RunDirectory, given: string): string {
  const place = currentPlaceOf(run);
  return isInInputFolder(run.record().sources, given) ? join(place(dirname(given)), basename(given)) : place(given);
}

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

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The input files of a run whose content is known and that are in the repository: their path as given, and there. */
export function knownFiles({ sources, contents }: Pick<RunRecord, "sources" | "contents">): KnownFile[] {
  return Object.entries(contents).flatMap(([given, content]) => {
    const path = pathInRepository(sources, given);
    return path === undefined || content.why === "many" ? [] : [{ given, path, content }];
  });
}

/** An input file in the repository: `given` is its path in the experiment, or below a folder of the experiment. */
export interface KnownFile extends TrainedFile {
  given: string;
  content: InputDigest;
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
      if (held.why === "many" || !(await hasDigest(held, file === path ? now : join(now, basename(file)))))
        changed.push(file);
    // The work tree has what the commit contains; anything else was copied from elsewhere.
    if (tree !== undefined && own !== undefined && existsSync(join(tree, own)))
      outside.push(...changed.filter((file) => file !== path || !isFolder(now)));
    else if (parts.length === 0 || changed.length > 0) outside.push(path);
  }
  return { outside, missing: outside.filter((path) => !existsSync(place(path)) && !isInInputFolder(sources, path)) };
}
