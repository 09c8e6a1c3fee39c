import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { shownFolderOf } from "../gguf/ggufFolder.ts";
import { readShown, SHOWN_PREFIX } from "../gguf/shownGguf.ts";
import { fileState, knownHash, weightCachePath } from "./weightCache.ts";

/** What was used in this time (ms) may be in use by a run, and stays. */
const RECENT = 12 * 3600 * 1000;
/** A copy's name begins with the hash of what it was made of. */
const COPY = /^([0-9a-f]{64})-.*\.safetensors$/;

/** A copy of a model's weights in the cache, a hash, or a folder that shows a GGUF file. */
export interface KeptCopy {
  path: string;
  bytes: number;
  /** Whether the files that it was made of are gone or changed, and nobody has used it lately. */
  isStale: boolean;
}

/** Whether a file is as it was. @param state as `fileState` told it: path, size, time, inode */
function isAsBefore(state: string): boolean {
  const path = state.split(",").slice(0, -3).join(",");
  try {
    return fileState(path) === state;
  } catch {
    return false;
  }
}

/** Whether a folder of the cache shows a GGUF file as it is now. */
function showsFile(folder: string): boolean {
  try {
    return shownFolderOf(readShown(folder).gguf) === folder;
  } catch {
    return false;
  }
}

function bytesIn(path: string): number {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return 0;
  return entry.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0) : entry.size;
}

/** What the cache keeps of models. @param now in ms since the epoch */
export function keptCopies(now = Date.now(), folder = weightCachePath()): KeptCopy[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.endsWith(".tmp"));
  const isOld = (path: string): boolean => now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > RECENT;
  const used = new Set<string>();
  const kept: KeptCopy[] = [];
  const add = (path: string, isStale: boolean): void => {
    kept.push({ path, bytes: bytesIn(path), isStale });
  };
  for (const name of names.filter((each) => each.endsWith(".hash"))) {
    const path = join(folder, name);
    const known = knownHash(path);
    // One of an older version does not say what it was made of, and stays.
    const isStale = isOld(path) && known?.states.every(isAsBefore) !== true;
    if (!isStale && known !== undefined) used.add(known.hash);
    add(path, isStale);
  }
  for (const name of names) {
    const path = join(folder, name);
    const [, source] = COPY.exec(name) ?? [];
    if (source !== undefined) add(path, isOld(path) && !used.has(source));
    else if (name.startsWith(SHOWN_PREFIX)) add(path, isOld(path) && !showsFile(path));
  }
  return kept;
}

/** Removes a copy; on Windows, one that another process has open stays. */
export function removeCopy({ path }: KeptCopy): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The next one tries again.
  }
}

/** Removes what was made of files that are gone or changed. */
export function pruneCopies(now = Date.now()): void {
  const removeStale = (): void => {
    for (const copy of keptCopies(now)) if (copy.isStale) removeCopy(copy);
  };
  removeStale();
  // Then the sources of copies of copies are gone.
  removeStale();
}
