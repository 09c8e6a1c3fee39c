import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";

/** What lies at a path itself: a link is not followed. */
export const entryAt = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/**
 * What stands where a file is to go: what lies at its own path, or a file or a link in the place of one of its folders.
 * @param path below `top`, with / @returns `missing`: the folders that are to be made, outermost first
 */
export function occupantOf(top: string, path: string): { there: string | undefined; missing: string[] } {
  const parts = path.split("/");
  const ways = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  for (const [i, here] of ways.entries()) {
    const entry = entryAt(join(top, here));
    if (here === path || entry?.isDirectory() !== true)
      return { there: entry === undefined ? undefined : here, missing: ways.slice(i, -1) };
  }
  return { there: undefined, missing: [] };
}
