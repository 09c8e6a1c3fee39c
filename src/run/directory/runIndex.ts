import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { foldEvents } from "../../record/foldEvents.ts";
import { isOpen, type RunRecord } from "../../record/record.ts";
import { StoredRecord } from "../../record/recordSchema.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";

/** The keys of a record: an index of records that held others is of another version, and its runs are folded anew. */
const SHAPE = Object.keys(foldEvents([])).sort().join();
const Entry = z.object({ size: z.number(), record: StoredRecord });
const Index = z.object({ shape: z.literal(SHAPE), runs: z.record(z.string(), Entry) });

/** A record has some kilobytes. */
const MOST_BYTES = 128 * 1024 * 1024;
const pathOf = (runsDir: string): string => join(dirname(runsDir), "index.json");

/** A run's record and how many bytes of its journal it holds. */
export interface IndexedRun {
  size: number;
  record: RunRecord;
}

/**
 * Records of runs that had ended, kept beside the runs: a list of a thousand is one file to read, not a thousand
 * journals to fold. A missing or damaged index is empty.
 */
export function readIndex(runsDir: string): Map<string, IndexedRun> {
  try {
    return new Map(Object.entries(Index.parse(JSON.parse(boundedText(pathOf(runsDir), MOST_BYTES))).runs));
  } catch {
    return new Map();
  }
}

/**
 * Keeps the records of runs that have ended. It is a copy of what the journals say: whoever writes last is right
 * enough.
 */
export function writeIndex(runsDir: string, runs: Iterable<[id: string, run: IndexedRun]>): void {
  const ended = [...runs].filter(([, { record }]) => !isOpen(record.status) && record.id !== "");
  writeFileAtomic(pathOf(runsDir), JSON.stringify({ shape: SHAPE, runs: Object.fromEntries(ended) }));
}

/** Bytes of a run's journal; 0 without one. */
export function journalSize(runPath: string): number {
  return statSync(join(runPath, "events.jsonl"), { throwIfNoEntry: false })?.size ?? 0;
}
