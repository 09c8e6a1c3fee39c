import { resolve } from "node:path";
import { findRun } from "../run/directory/runList.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** Returns the given folder of runs, by default .adept/runs in the current folder. */
export const runsFolder = (given?: string): string => resolve(given ?? ".adept/runs");

/**
 * Finds a run.
 * @param wanted a run's id, the beginning of it, or "latest"
 * @throws UserError where no run or several runs match
 */
export const namedRun = (runsDir: string | undefined, wanted: string): RunDirectory =>
  findRun(runsFolder(runsDir), wanted);
