import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { cacheUnwritable } from "../../backbone/files/weightCache.ts";
import { explainWrite } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { Example } from "../../task/example.ts";
import { settleBadRows } from "../../task/fileExamples.ts";
import { BadRows } from "../../task/rows/badRows.ts";
import { openBlocks, type BlockFile } from "../../task/rows/dataBlocks.ts";
import { dataText, packing } from "../../task/rows/dataText.ts";
import { rowsTogether } from "../../task/rows/rowsTogether.ts";
import { parquetParts } from "../../task/rows/parquetProcess.ts";
import { isParquetFile, noRows, readData } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import type { EncodeTask } from "./encodeBlock.ts";
import type { EncodeSetup } from "./encodeThread.ts";
import type { EncodeThreads } from "./encodeThreads.ts";
import { dataState, exampleKey } from "./exampleKey.ts";
import { idBytesOf } from "./exampleRecord.ts";
import { ExampleStore, StoreWriter } from "./exampleStore.ts";
import { untilStopped, type Preparing } from "./preparing.ts";
import { pruneStores, storeFolder } from "./storeFolder.ts";

/** The encoding that files are taken to have which are no UTF-8. */
const LATIN = "windows-1252";

/** What a store is made with. */
export interface StoreMaking {
  setup: EncodeSetup;
  /** Starts the threads at the first call. */
  threads: () => EncodeThreads;
  /** Makes an example of its row again. */
  exampleOf: (row: Row) => Example;
  preparing: Preparing;
}

interface Parts {
  tasks: AsyncGenerator<EncodeTask>;
  notes: readonly Phrase[];
  encoding: string | undefined;
}

/** The parts of a file: blocks, or rows where it has to be read whole. */
async function partsOf(
  path: string,
  { encoding, bad, preparing }: { encoding: string | undefined; bad: BadRows; preparing: Preparing },
): Promise<Parts> {
  if (isParquetFile(path)) return { tasks: parquetTasks(path, preparing), notes: [], encoding: undefined };
  const opened = await openBlocks(path, encoding, bad.add);
  if (opened !== undefined) return { tasks: blockTasks(path, opened, preparing), ...opened };
  const data = await readData(path, { encoding });
  if (data.bad !== undefined) bad.join(data.bad);
  return { tasks: rowTasks(), notes: data.notes ?? [], encoding: undefined };
  async function* rowTasks(): AsyncGenerator<EncodeTask> {
    const total = statSync(path).size;
    let done = 0;
    for (const rows of rowsTogether(data.rows)) {
      // A turn of the loop in which a stop can be heard.
      await new Promise(setImmediate);
      done += rows.length;
      yield { path, rows };
      preparing.progress({ path, done: (total * done) / data.rows.length, total });
    }
  }
}

async function* parquetTasks(path: string, preparing: Preparing): AsyncGenerator<EncodeTask> {
  const size = statSync(path).size;
  let done = 0;
  for await (const { rows, total } of parquetParts(path, Infinity)) {
    done += rows.length;
    if (rows.length > 0) yield { path, rows };
    preparing.progress({ path, done: (size * done) / Math.max(1, total), total: size });
  }
}

async function* blockTasks(
  path: string,
  { form, blocks }: BlockFile,
  preparing: Preparing,
): AsyncGenerator<EncodeTask> {
  let done = 0;
  // Of a packed file, how much it holds is not known.
  const total = packing(path) ? undefined : statSync(path).size;
  for await (const block of blocks()) {
    done += block.bytes.length;
    yield { path, form, block };
    preparing.progress({ path, done: Math.min(done, total ?? done), total });
  }
}

async function* encodings(tasks: AsyncIterable<EncodeTask>): AsyncGenerator<{ encode: EncodeTask }> {
  for await (const encode of tasks) yield { encode };
}

/** How a file's text is read: its encoding, and what is to be said of it. */
interface TextReading {
  encoding: string | undefined;
  notes: readonly Phrase[];
}

/**
 * Encodes a file into a folder.
 * @param known how its text is read, where that was found out by the whole file
 * @throws UserError where it cannot be used
 */
async function fill(folder: string, path: string, making: StoreMaking, known?: TextReading): Promise<void> {
  const { setup, preparing, threads } = making;
  const bad = new BadRows();
  const asked = known?.encoding ?? setup.task.encoding;
  const parts = await partsOf(path, { encoding: asked, bad, preparing });
  // By its beginning alone it is not Latin-1: one damaged character there would be enough.
  if (asked === undefined && parts.encoding === LATIN) return fill(folder, path, making, await readingOf(path));
  const writer = new StoreWriter(folder, idBytesOf(setup.vocabulary));
  try {
    for await (const block of untilStopped(threads().results(encodings(parts.tasks)), preparing)) {
      bad.receive(block.bad);
      writer.append(block);
    }
  } catch (error) {
    writer.end();
    const isGuess = asked === undefined && parts.encoding === "utf-8";
    if (!isGuess || !(error instanceof UserError) || error.code !== "data-line-not-utf8") throw error;
    // Its beginning looked like UTF-8; the whole says what it is, or which line is damaged.
    const whole = await readingOf(path, error);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    return fill(folder, path, making, whole);
  }
  const good = writer.count;
  if (good + bad.length === 0) {
    writer.end();
    throw noRows(path);
  }
  const notes = [...(known?.notes ?? parts.notes)];
  try {
    settleBadRows(path, { good, bad }, { skips: setup.task.skipBadRows }, notes);
  } catch (error) {
    writer.end();
    throw error;
  }
  writer.end({ path, notes });
}

/**
 * How the text of a whole file is read.
 * @param error what is wrong with it, where it is too large to be read whole
 */
async function readingOf(path: string, error?: UserError): Promise<TextReading> {
  try {
    const { encoding, notes } = await dataText(path);
    return { encoding, notes };
  } catch (failure) {
    if (error !== undefined && failure instanceof UserError && failure.code === "data-file-too-large") throw error;
    if (failure instanceof UserError && failure.code === "data-file-too-large") return { encoding: LATIN, notes: [] };
    throw failure;
  }
}

/**
 * The encoded examples of a data file: those in the cache, or made now.
 * @throws UserError where the file cannot be read or the cache not be written; PreparationStopped
 */
export async function openStore(path: string, making: StoreMaking): Promise<ExampleStore> {
  const { setup, preparing, exampleOf } = making;
  const parent = storeFolder();
  // It is no folder and no pipe, which would be waited for.
  isParquetFile(path);
  const state = dataState(path);
  const target = join(parent, await exampleKey(path, setup, { folder: parent, preparing }));
  const known = ExampleStore.open(target, exampleOf);
  if (known !== undefined) {
    touch(target);
    return known;
  }
  const folder = `${target}.${randomUUID()}.tmp`;
  try {
    mkdirSync(folder);
    await fill(folder, path, making);
    if (dataState(path) !== state)
      throw new UserError(
        "data-file-changes",
        phrase`${path} was written while it was read`,
        phrase`Train again when nothing writes to it.`,
      );
    putAt(target, folder, exampleOf);
  } catch (error) {
    throw explainWrite(error, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  pruneStores(parent);
  const made = ExampleStore.open(target, exampleOf);
  if (made === undefined) throw cacheUnwritable(parent, new Error(`${target} is gone`));
  return made;
}

/** Says that a store is in use, by its time; in a cache of another user that is not possible, and not needed. */
function touch(store: string): void {
  const now = new Date();
  try {
    utimesSync(store, now, now);
  } catch {
    /* its owner's runs keep it */
  }
}

/** Puts a new store in its place, unless another process was faster. */
function putAt(target: string, folder: string, exampleOf: StoreMaking["exampleOf"]): void {
  try {
    renameSync(folder, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !["EEXIST", "ENOTEMPTY", "EPERM"].includes(code)) throw error;
    const other = ExampleStore.open(target, exampleOf);
    other?.close();
    if (other !== undefined) return;
    rmSync(target, { recursive: true, force: true });
    renameSync(folder, target);
  }
}
