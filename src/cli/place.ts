import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findRun, type RunDirectory } from "../run/runDirectory.ts";

/** Where workers run from, as started in a terminal: the bundle beside this one, in the current folder. */
export const place = () => ({
  workerPath: fileURLToPath(new URL("./worker.js", import.meta.url)),
  nodePath: process.execPath,
  folder: process.cwd(),
});

export const runsFolder = (given: string | undefined): string => resolve(given ?? ".adept/runs");
export const namedRun = (runsDir: string | undefined, wanted: string): RunDirectory =>
  findRun(runsFolder(runsDir), wanted);
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
