import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { UserError } from "../experiment/errors.ts";
import type { Row } from "./example.ts";
import type { ParquetPart } from "./parquetGroups.ts";

/** What the thread is given, and what it sends. */
export interface ParquetWork { path: string; most: number }
export type ParquetTold = { ready: true } | ParquetPart | { error: { message: string; stack: string | undefined; action: string | undefined; bug: boolean } };

/** The thread's own bundle: beside the one that this is part of, or where the sources' build puts it. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "../../dist/parquet.js" : "./parquet.js", import.meta.url);
/** Milliseconds of work and megabytes that a file may take: so many, and so many more for each of its megabytes. */
const MOST_MS = 3000, MS_A_MEGABYTE = 2000, MOST_MB = 192, MB_A_MEGABYTE = 40, LARGEST_MB = 16_000;
const LOOK_MS = 100, MEGABYTE = 2 ** 20;

const sizeOf = (path: string): number => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / MEGABYTE;
const works = (): number => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const hostile = (path: string, what: string): UserError => new UserError(`${path}: no Parquet that can be read: ${what}, more than a file of its size needs`, "Copy or download the file again.");

/**
 * Rows of a Parquet file, read in a thread of its own: the library believes what is inside of a page, and what never ends, or takes all memory there, can be ended with the thread.
 * @param most bytes of its values that are read, about
 * @returns `all`: whether these are all of its rows
 * @throws UserError naming the file, and the rows where a part of it is damaged
 */
export async function parquetRows(path: string, most: number): Promise<{ rows: Row[]; all: boolean }> {
  const size = sizeOf(path), heap = Math.min(LARGEST_MB, MOST_MB + MB_A_MEGABYTE * size), patience = MOST_MS + MS_A_MEGABYTE * size;
  const thread = new Worker(ENTRY, { workerData: { path, most } satisfies ParquetWork, resourceLimits: { maxOldGenerationSizeMb: heap } });
  let watch: NodeJS.Timeout | undefined;
  try { return await told(thread, path, (fail) => { const from = works(); watch = setInterval(() => { if (works() - from > patience) fail(hostile(path, `it takes more than ${Math.round(patience / 1000)} s`)); }, LOOK_MS); }); } finally {
    clearInterval(watch);
    await thread.terminate();
  }
}

/** What the thread tells, until its last part. @param onReady when it begins to read */
function told(thread: Worker, path: string, onReady: (fail: (error: Error) => void) => void): Promise<{ rows: Row[]; all: boolean }> {
  const rows: Row[] = [];
  return new Promise((resolve, reject) => {
    thread.on("message", (part: ParquetTold) => {
      if ("ready" in part) onReady(reject);
      else if ("error" in part) reject(part.error.bug ? Object.assign(new Error(part.error.message), { stack: part.error.stack }) : new UserError(part.error.message, part.error.action));
      else {
        for (const row of part.rows) rows.push(row);
        if (part.all !== undefined) resolve({ rows, all: part.all });
      }
    });
    thread.once("error", (error) => { reject((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY" ? hostile(path, "it takes all memory that it may") : new UserError(`${path}: no Parquet that can be read: ${error.message}`, "Copy or download the file again.")); });
    thread.once("exit", (code) => { reject(new Error(`the thread that reads ${path} ended (${code})`)); });
  });
}
