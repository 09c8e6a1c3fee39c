import { createRequire } from "node:module";
import type * as Host from "../../host.ts";

let loaded: typeof Host | undefined;

/**
 * Loaded at its first use: activation reads a file of a few kilobytes only, and a window without runs never loads it.
 */
export function host(): typeof Host {
  loaded ??= createRequire(__filename)("./host.cjs") as typeof Host;
  return loaded;
}
