import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";

/** What is at a path itself: a symbolic link is not followed. Undefined if there is nothing. */
export const entryAt = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/**
 * Finds what stands in the way of writing a file.
 * @param top the folder that `path` is relative to
 * @param path separated by /
 * @returns `occupant`: the path of the file's present version, or of a file or link in the place of one of its folders;
 * `missing`: the folders to create, outermost first
 */
export function occupantOf(top: string, path: string): { occupant: string | undefined; missing: string[] } {
  const parts = path.split("/");
  const ways = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  for (const [i, here] of ways.entries()) {
    const entry = entryAt(join(top, here));
    if (here === path || entry?.isDirectory() !== true)
      return { occupant: entry === undefined ? undefined : here, missing: ways.slice(i, -1) };
  }
  return { occupant: undefined, missing: [] };
}
