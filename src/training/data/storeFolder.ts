import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheUnwritable } from "../../backbone/files/weightCache.ts";
import { cacheFolder } from "../../base/files/cacheFolder.ts";

/** The bytes of all stores that are kept; beyond, those that were not used for the longest time go. */
const MOST_BYTES = 20e9;
const HOUR = 3600 * 1000;
/** The age (ms) after which what a killed process has left is deleted. */
const LONG_AGO = 24 * HOUR;
/** A store that was opened in this time (ms) may be in use, and stays. */
const RECENT = 12 * HOUR;
/** The age (ms) after which the hash of a file is deleted. */
const OLD_HASH = 90 * 24 * HOUR;

interface Kept {
  path: string;
  bytes: number;
  used: number;
  isPart: boolean;
  isHash: boolean;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** What lies in a folder of stores; another process may take parts of it away meanwhile. */
function keptIn(parent: string): Kept[] {
  return readdirSync(parent).flatMap((name): Kept[] => {
    const path = join(parent, name);
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return [];
    const isPart = name.endsWith(".tmp");
    if (!entry.isDirectory()) return [{ path, bytes: 0, used: entry.mtimeMs, isPart, isHash: name.endsWith(".hash") }];
    try {
      const bytes = readdirSync(path).reduce((sum, each) => sum + sizeOf(join(path, each)), 0);
      return [{ path, bytes, used: entry.mtimeMs, isPart, isHash: false }];
    } catch {
      return [];
    }
  });
}

function isOver({ used, isPart, isHash }: Kept, bytes: number, { most, now }: { most: number; now: number }): boolean {
  const age = now - used;
  if (isHash) return age > OLD_HASH;
  return isPart ? age > LONG_AGO : bytes > most && age > RECENT;
}

/** The folder of encoded examples, which is made. @throws UserError where it cannot be written */
export function storeFolder(): string {
  const folder = join(cacheFolder(), "examples");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cacheUnwritable(folder, error);
  }
  return folder;
}

/** Deletes stores that were not used for the longest time where all together are too large. @param most bytes */
export function pruneStores(parent: string, most = MOST_BYTES, now = Date.now()): void {
  let bytes = 0;
  for (const kept of keptIn(parent).sort((a, b) => b.used - a.used)) {
    bytes += kept.bytes;
    if (!isOver(kept, bytes, { most, now })) continue;
    try {
      rmSync(kept.path, { recursive: true, force: true });
    } catch {
      // On Windows, files that another process has open cannot be deleted: the next run tries again.
    }
  }
}
