import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import type { RunRecord } from "../../record/record.ts";
import { RunDirectory } from "./runDirectory.ts";
import { isRunId } from "./runId.ts";

/** Every run in a folder, newest first. */
export function listRuns(runsDir: string): RunDirectory[] {
  if (!existsSync(runsDir)) return [];
  return readdirSync(runsDir)
    .filter(isRunId)
    .sort()
    .reverse()
    .flatMap((name) => RunDirectory.find(join(runsDir, name)) ?? []);
}

export interface ReadRun {
  run: RunDirectory;
  record: RunRecord;
}

/**
 * Every run that can be read, newest first, with its record.
 * @param told hears of the others: one of them hides no other
 */
export function readRuns(runsDir: string, told: (run: RunDirectory, reason: string) => void): ReadRun[] {
  return listRuns(runsDir).flatMap((run) => {
    try {
      return [{ run, record: run.record() }];
    } catch (error) {
      told(run, `its journal cannot be read: ${(error as Error).message}`);
      return [];
    }
  });
}

/** A run by its id, the start of it, or "latest". @throws UserError when none or several fit */
export function findRun(runsDir: string, wanted: string): RunDirectory {
  const runs = listRuns(runsDir);
  const fitting =
    wanted === "latest"
      ? runs.slice(0, 1)
      : runs.filter((run) => run.id === wanted || run.id.startsWith(wanted) || run.id.endsWith(`-${wanted}`));
  const [first] = fitting;
  if (first !== undefined && (fitting.length === 1 || first.id === wanted)) return first;
  const named = (fitting.length > 0 ? fitting : runs)
    .slice(0, 5)
    .map((run) => run.id)
    .join(", ");
  throw new UserError(
    fitting.length > 0 ? `"${wanted}" fits several runs: ${named}` : `No run "${wanted}" in ${runsDir}`,
    named === "" ? "Train one first." : `Runs there: ${named}`,
  );
}
