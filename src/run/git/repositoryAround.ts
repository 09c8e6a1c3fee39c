import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Returns the top folder of the repository that contains a folder, found by its .git without starting a process.
 * Undefined if there is none.
 */
export function repositoryAround(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}
