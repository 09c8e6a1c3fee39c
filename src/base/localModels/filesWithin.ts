import { opendirSync, realpathSync, statSync, type Dirent } from "node:fs";
import { join } from "node:path";

/** The most entries of folders that are looked at. */
const MOST_ENTRIES = 20_000;

/** A file that was found. */
export interface FoundFile {
  path: string;
  /** The names of the folders down from the one that was searched, then that of the file. */
  names: readonly string[];
  bytes: number;
}

/** The entries of a folder in the order of their names, at most so many; none where it cannot be read. */
function entriesOf(folder: string, most: number): Dirent[] {
  const entries: Dirent[] = [];
  try {
    const opened = opendirSync(folder);
    try {
      for (let entry = opened.readSync(); entry !== null && entries.length < most; entry = opened.readSync())
        entries.push(entry);
    } finally {
      opened.closeSync();
    }
  } catch {
    // A folder that is missing, or may not be read, has nothing to offer.
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a path leads to; undefined where that is neither a file nor a folder, or cannot be told. */
function kindOf(path: string): { bytes: number } | "folder" | undefined {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return { bytes: stats.size };
    return stats.isDirectory() ? "folder" : undefined;
  } catch {
    return undefined;
  }
}

/** The place that a path leads to, through links; the path itself where that cannot be told. */
function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * The files in a folder and its sub-folders that are wanted, each once, those of upper folders first. Links are
 * followed: people keep models on other disks. Since no folder is read twice, and depth and entries have limits, links
 * in a circle or to a whole disk end.
 * @param depth how many folders down files are looked for; 0: in the folder itself
 * @param isWanted by the names of the folders down from the searched one and the file's name; asked before a file is
 * touched
 */
export function filesWithin(
  folder: string,
  depth: number,
  isWanted: (names: readonly string[]) => boolean = () => true,
): FoundFile[] {
  const files: FoundFile[] = [];
  const seen = new Set<string>();
  const isNew = (path: string): boolean => {
    const place = placeOf(path);
    const known = seen.has(place);
    seen.add(place);
    return !known;
  };
  let left = MOST_ENTRIES;
  let level: (readonly string[])[] = [[]];
  for (let down = 0; down <= depth && level.length > 0; down += 1) {
    const below: (readonly string[])[] = [];
    for (const names of level) {
      const own = join(folder, ...names);
      if (!isNew(own)) continue;
      const entries = entriesOf(own, left);
      left -= entries.length;
      for (const entry of entries) {
        const inside = [...names, entry.name];
        const path = join(own, entry.name);
        if (entry.isDirectory()) below.push(inside);
        else if (entry.isSymbolicLink() || (entry.isFile() && isWanted(inside))) {
          const kind = kindOf(path);
          if (kind === "folder") below.push(inside);
          else if (kind !== undefined && isWanted(inside) && isNew(path)) files.push({ path, names: inside, ...kind });
        }
      }
    }
    level = below;
  }
  return files;
}
