import { resolve } from "node:path";
import { findRun } from "../run/directory/runList.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** The folder of runs: the one given, else .adept/runs in the current folder. */
export const runsFolder = (given?: string): string => resolve(given ?? ".adept/runs");

/** @param wanted a run's id, the start of it, or "latest". @throws UserError where no run, or several, have it */
export const namedRun = (runsDir: string | undefined, wanted: string): RunDirectory =>
  findRun(runsFolder(runsDir), wanted);
