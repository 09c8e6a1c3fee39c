import { createRequire } from "node:module";
import type * as Host from "../../host.ts";
import { Setting } from "./ids.ts";
import { objectSetting, textSetting } from "./settings.ts";

let loaded: typeof Host | undefined;

/**
 * Returns the part of the extension that works with run folders, git and workers. It is loaded at its first use:
 * activation reads a file of a few kilobytes only, and a window without runs never loads this part.
 */
export function host(): typeof Host {
  if (loaded === undefined) {
    loaded = createRequire(__filename)("./host.cjs") as typeof Host;
    loaded.giveWorkers(workerVariables);
    loaded.giveSlurmDefaults(() => objectSetting(Setting.slurmDefaults));
  }
  return loaded;
}

/** What settings say to workers: the Python of the setting counts instead of an inherited one. */
function workerVariables(): Record<string, string> {
  const python = textSetting(Setting.torchPython).trim();
  return python === "" ? {} : { ADEPT_PYTHON: python };
}
