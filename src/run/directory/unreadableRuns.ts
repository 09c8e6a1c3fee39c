import { closeSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRunId } from "./runId.ts";

/** A folder that should hold a run and cannot be read. */
export interface UnreadableRun {
  readonly path: string;
  /** What the system says. */
  readonly reason: string;
}

/** How long (ms) after its creation a run's folder may lack an experiment: another process is still writing it. */
const CREATION_TIME = 10_000;

/**
 * Returns the folders named like a run that are missing in a list of runs, because their experiment is missing or
 * cannot be read.
 * @param listed ids of the listed runs
 * @throws the system's error when the folder of runs cannot be read
 */
export function unreadableRuns(runsDir: string, listed: ReadonlySet<string>, now = Date.now()): UnreadableRun[] {
  return readdirSync(runsDir)
    .filter((name) => isRunId(name) && !listed.has(name))
    .flatMap((name): UnreadableRun[] => {
      const path = join(runsDir, name);
      const error = openError(join(path, "experiment.json"));
      if (error === undefined) return [];
      const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      return changed === undefined || (error.code === "ENOENT" && Math.abs(now - changed) < CREATION_TIME)
        ? []
        : [{ path, reason: error.message }];
    });
}

function openError(file: string): NodeJS.ErrnoException | undefined {
  try {
    closeSync(openSync(file, "r"));
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
