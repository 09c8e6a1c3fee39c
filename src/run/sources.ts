import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import { pathsOf, withPaths } from "../experiment/experimentPaths.ts";
import { contentOf } from "./contentStore.ts";
import { workTreeOf } from "./gitWorkTree.ts";
import { repositoryAround } from "./repositoryAround.ts";
import type { RunDirectory } from "./runDirectory.ts";

/** A path with its links followed, as far as it is there. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realOf(parent), basename(path));
}

/** Where in a repository each path of an experiment lies, those outside left out; by whatever links either was opened. */
export function sourcesIn(top: string, experiment: Experiment): Record<string, string> {
  const root = realOf(top), inner = (path: string): string => relative(root, realOf(path));
  return Object.fromEntries(pathsOf(experiment).flatMap((path) => {
    const own = isAbsolute(path) ? inner(path) : "";
    return own === "" || own === ".." || own.startsWith(`..${sep}`) || isAbsolute(own) ? [] : [[path, own.split(sep).join("/")]];
  }));
}

/** Folders that a run's sources may lie in now: the repository around the run, or around the process that reads it, and the folders themselves where there is none. */
function roots(runPath: string): string[] {
  const folder = realOf(dirname(dirname(dirname(runPath)))), here = process.cwd();
  return [...new Set([repositoryAround(folder) ?? folder, repositoryAround(here) ?? here])];
}

/** Where a path lay; a path may be called as what every object has. */
export const ownSource = (sources: Readonly<Record<string, string>>, path: string): string | undefined => (Object.hasOwn(sources, path) ? sources[path] : undefined);

/** Where a run's files are now: in its work tree while it repeats another run, and in the repository where that has moved, or is another's. A path that is found nowhere stays as it was written. */
function placeOf(run: RunDirectory): (path: string) => string {
  const { sources } = run.record(), tree = run.experiment().reproduces === undefined ? undefined : workTreeOf(run.path);
  const there = (top: string, path: string): string | undefined => { const own = ownSource(sources, path), found = own === undefined ? undefined : join(top, own); return found !== undefined && existsSync(found) ? found : undefined; };
  const elsewhere = (path: string): string | undefined => roots(run.path).map((root) => there(root, path)).find((found) => found !== undefined);
  return (path) => (tree !== undefined ? there(tree, path) : undefined) ?? (existsSync(path) ? path : elsewhere(path)) ?? path;
}

/** A run's experiment with its files where they are now. */
export const located = (run: RunDirectory): Experiment => withPaths(run.experiment(), placeOf(run));

/** Of a run that repeats another: paths that its work tree lacks and that do not hold what they held, as far as that is known, and those of them that are nowhere. */
export async function outsideOf(run: RunDirectory): Promise<{ outside: string[]; missing: string[] }> {
  const { sources, contents } = run.record(), tree = workTreeOf(run.path), place = placeOf(run), outside: string[] = [];
  for (const path of pathsOf(run.experiment())) {
    const own = ownSource(sources, path), now = place(path), held = Object.hasOwn(contents, path) ? contents[path] : undefined;
    if (tree !== undefined && own !== undefined && existsSync(join(tree, own))) continue;
    if (held === undefined || !existsSync(now) || (await contentOf(now)).sha256 !== held.sha256) outside.push(path);
  }
  return { outside, missing: outside.filter((path) => !existsSync(place(path))) };
}
