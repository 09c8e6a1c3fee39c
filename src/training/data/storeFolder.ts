import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheUnwritable } from "../../backbone/files/weightCache.ts";
import { cacheFolder } from "../../base/files/cacheFolder.ts";

/** The bytes of all stores that are kept; beyond, those that were not used for the longest time go. */
const MOST_BYTES = 20e9;
/** The age (ms) after which what a killed process has left is deleted. */
const LONG_AGO = 24 * 3600 * 1000;

interface Kept {
  path: string;
  bytes: number;
  used: number;
  isPart: boolean;
}

function keptIn(parent: string): Kept[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const path = join(parent, name);
      const bytes = readdirSync(path).reduce(
        (sum, each) => sum + (statSync(join(path, each), { throwIfNoEntry: false })?.size ?? 0),
        0,
      );
      const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      return { path, bytes, used, isPart: name.endsWith(".tmp") };
    });
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
  for (const { path, bytes: own, used, isPart } of keptIn(parent).sort((a, b) => b.used - a.used)) {
    bytes += own;
    if (isPart ? now - used > LONG_AGO : bytes > most) rmSync(path, { recursive: true, force: true });
  }
}
