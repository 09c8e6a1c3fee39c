import { createRequire } from "node:module";
import type * as Host from "../../host.ts";

let loaded: typeof Host | undefined;

/**
 * Returns the part of the extension that works with run folders, git and workers. It is loaded at its first use:
 * activation reads a file of a few kilobytes only, and a window without runs never loads this part.
 */
export function host(): typeof Host {
  loaded ??= createRequire(__filename)("./host.cjs") as typeof Host;
  return loaded;
}
