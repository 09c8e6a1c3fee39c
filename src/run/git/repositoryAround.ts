import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The top folder of the repository around a folder, by its .git: no process is started to find out. Undefined where
 * there is none.
 */
export function repositoryAround(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}
