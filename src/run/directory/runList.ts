import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { RunRecord } from "../../record/record.ts";
import { readPosts } from "../journal/inbox.ts";
import { readRecord } from "../journal/readJournal.ts";
import { RunDirectory } from "./runDirectory.ts";
import { isRunId } from "./runId.ts";
import { journalSize, readIndex, type IndexedRun } from "./runIndex.ts";

/** Returns the names of the folders that may be runs, newest first. */
const namesIn = (runsDir: string): string[] =>
  existsSync(runsDir) ? readdirSync(runsDir).filter(isRunId).sort().reverse() : [];

/** Returns every run in a folder, newest first. */
export const listRuns = (runsDir: string): RunDirectory[] =>
  namesIn(runsDir).flatMap((name) => RunDirectory.find(join(runsDir, name)) ?? []);

/** Called for a run that cannot be read, or not be written to, with the reason. */
export type OnUnusableRun = (run: RunDirectory, reason: string) => void;

/** Whoever polls wants few runs, whose journals are read faster than the index of a thousand. */
const WORTH_INDEX = 20;

/** A run with its record. */
export interface ReadRun {
  run: RunDirectory;
  record: RunRecord;
  /** How many bytes of the journal the record is folded from. */
  size: number;
}

/**
 * Whether the index has a run as it is: its journal has not grown since, and no event waits beside it. Nothing else of
 * the run is looked at: on a network folder of a thousand runs each look counts.
 */
const isFresh = ({ path }: RunDirectory, { size }: IndexedRun): boolean =>
  size === journalSize(path) && readPosts(path).length === 0;

/**
 * Returns every readable run of a folder with its record, newest first. Those of ended runs come from the index, where
 * it has them.
 * @param onUnusable is called for each run whose journal cannot be read; the others are returned all the same
 * @param isWanted runs for which it says no are not read, and left out
 */
export function readRuns(
  runsDir: string,
  onUnusable: OnUnusableRun,
  isWanted: (run: RunDirectory) => boolean = () => true,
): ReadRun[] {
  const wanted = namesIn(runsDir)
    .map((name) => RunDirectory.at(join(runsDir, name)))
    .filter(isWanted);
  const index: ReadonlyMap<string, IndexedRun> = wanted.length < WORTH_INDEX ? new Map() : readIndex(runsDir);
  return wanted.flatMap((run) => {
    try {
      const indexed = index.get(run.id);
      if (indexed !== undefined && isFresh(run, indexed)) return [{ run, ...indexed }];
      return run.isThere() ? [{ run, ...readRecord(run.path) }] : [];
    } catch (error) {
      onUnusable(run, `its journal cannot be read: ${(error as Error).message}`);
      return [];
    }
  });
}

/**
 * Finds a run by its id, by the beginning or the last four letters of its id, or the newest by "latest".
 * @throws UserError when no run or several runs match
 */
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
  throw fitting.length > 0
    ? new UserError("run-ambiguous", phrase`"${wanted}" fits several runs: ${named}`, phrase`Runs there: ${named}`)
    : new UserError(
        "run-unknown",
        phrase`No run "${wanted}" in ${runsDir}`,
        named === ""
          ? phrase`There are no runs. Train one first (adept train FILE), or name the folder of your runs (--runs-dir DIR).`
          : phrase`Runs there: ${named}`,
      );
}
