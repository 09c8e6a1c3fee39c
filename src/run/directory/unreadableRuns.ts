import { closeSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRunId } from "./runId.ts";

/** A folder that should hold a run, or all of them, and cannot be read. */
export interface UnreadableRun {
  readonly path: string;
  readonly reason: string;
}

/** So long (ms) a new run's folder may be without its experiment: it is being made. */
const MADE = 10_000;

/**
 * Folders with a run's name that are not among the listed ones, since their experiment is missing or may not be read.
 * @throws where the folder of runs itself cannot be read
 */
export function unreadableRuns(runsDir: string, listed: ReadonlySet<string>, now = Date.now()): UnreadableRun[] {
  return readdirSync(runsDir)
    .filter((name) => isRunId(name) && !listed.has(name))
    .flatMap((name): UnreadableRun[] => {
      const path = join(runsDir, name);
      const error = refusal(join(path, "experiment.json"));
      if (error === undefined) return [];
      const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      return changed === undefined || (error.code === "ENOENT" && Math.abs(now - changed) < MADE)
        ? []
        : [{ path, reason: error.message }];
    });
}

function refusal(file: string): NodeJS.ErrnoException | undefined {
  try {
    closeSync(openSync(file, "r"));
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
