import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { foldEvents } from "../../record/foldEvents.ts";
import { isOpen, type RunRecord } from "../../record/record.ts";
import { StoredRecord } from "../../record/recordSchema.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";

/** The keys of a record. An index whose records have other keys was written by another version and is ignored. */
const SHAPE = Object.keys(foldEvents([])).sort().join();
const Entry = z.object({ size: z.number(), record: StoredRecord });
const Index = z.object({ shape: z.literal(SHAPE), runs: z.record(z.string(), Entry) });

/** The largest accepted index in bytes; a record takes some kilobytes. */
const MOST_BYTES = 128 * 1024 * 1024;
const pathOf = (runsDir: string): string => join(dirname(runsDir), "index.json");

/** A run's record as of a certain size of its journal. */
export interface IndexedRun {
  /** How many bytes of the journal the record is folded from. */
  size: number;
  /** The record of the run, folded from those bytes. */
  record: RunRecord;
}

/**
 * Reads the index of ended runs beside the folder of runs. It is one file to read instead of a journal to fold for each
 * of a thousand runs. A missing or damaged index gives an empty map.
 */
export function readIndex(runsDir: string): Map<string, IndexedRun> {
  try {
    return new Map(Object.entries(Index.parse(JSON.parse(boundedText(pathOf(runsDir), MOST_BYTES))).runs));
  } catch {
    return new Map();
  }
}

/**
 * Writes the index of ended runs. The index is only a cache of the journals, so concurrent writers may overwrite each
 * other.
 */
export function writeIndex(runsDir: string, runs: Iterable<[id: string, run: IndexedRun]>): void {
  const ended = [...runs].filter(([, { record }]) => !isOpen(record.status) && record.id !== "");
  writeFileAtomic(pathOf(runsDir), JSON.stringify({ shape: SHAPE, runs: Object.fromEntries(ended) }));
}

/** Returns the size of a run's journal in bytes, or 0 if there is none. */
export function journalSize(runPath: string): number {
  return statSync(join(runPath, "events.jsonl"), { throwIfNoEntry: false })?.size ?? 0;
}
