import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { cacheUnwritable } from "../../backbone/files/weightCache.ts";
import { explainWrite } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import type { Phrase } from "../../base/phrase.ts";
import type { Example } from "../../task/example.ts";
import { settleBadRows } from "../../task/fileExamples.ts";
import { BadRows } from "../../task/rows/badRows.ts";
import { openBlocks, type BlockFile } from "../../task/rows/dataBlocks.ts";
import { dataText } from "../../task/rows/dataText.ts";
import { parquetParts } from "../../task/rows/parquetProcess.ts";
import { isParquetFile, noRows, readData } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import type { EncodeTask } from "./encodeBlock.ts";
import type { EncodeSetup } from "./encodeThread.ts";
import type { EncodeThreads } from "./encodeThreads.ts";
import { exampleKey } from "./exampleKey.ts";
import { idBytesOf } from "./exampleRecord.ts";
import { ExampleStore, StoreWriter } from "./exampleStore.ts";
import { PreparationStopped, type Preparing } from "./preparing.ts";
import { pruneStores, storeFolder } from "./storeFolder.ts";

/** Rows of a file that was read whole which make a block. */
const ROWS = 4096;

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
    for (let from = 0; from < data.rows.length; from += ROWS) {
      // A turn of the loop in which a stop can be heard.
      await new Promise(setImmediate);
      yield { path, rows: data.rows.slice(from, from + ROWS) };
      preparing.progress({ path, done: (total * Math.min(data.rows.length, from + ROWS)) / data.rows.length, total });
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
  const total = statSync(path).size;
  for await (const block of blocks()) {
    done += block.bytes.length;
    yield { path, form, block };
    preparing.progress({ path, done: Math.min(done, total), total });
  }
}

async function* encodings(tasks: AsyncIterable<EncodeTask>): AsyncGenerator<{ encode: EncodeTask }> {
  for await (const encode of tasks) yield { encode };
}

/** Encodes a file into a folder. @throws UserError where it cannot be used */
async function fill(folder: string, path: string, making: StoreMaking, encoding: string | undefined): Promise<void> {
  const { setup, preparing, threads } = making;
  const bad = new BadRows();
  const { tasks, notes, encoding: found } = await partsOf(path, { encoding, bad, preparing });
  const writer = new StoreWriter(folder, idBytesOf(setup.vocabulary));
  try {
    for await (const block of threads().results(encodings(tasks))) {
      if (preparing.stopRequested()) throw new PreparationStopped();
      bad.receive(block.bad);
      writer.append(block);
    }
  } catch (error) {
    writer.end();
    const isGuess = encoding === undefined && found === "utf-8";
    if (!isGuess || !(error instanceof UserError) || error.code !== "data-line-not-utf8") throw error;
    // Its beginning looked like UTF-8; the whole says what it is, or which line is damaged.
    const whole = await dataText(path);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    await fill(folder, path, making, whole.encoding);
    return;
  }
  const good = writer.count;
  if (good + bad.length === 0) throw noRows(path);
  const said = [...notes];
  settleBadRows(path, { good, bad }, { skips: setup.task.skipBadRows }, said);
  writer.end({ path, notes: said });
}

/**
 * The encoded examples of a data file: those in the cache, or made now.
 * @throws UserError where the file cannot be read or the cache not be written; PreparationStopped
 */
export async function openStore(path: string, making: StoreMaking): Promise<ExampleStore> {
  const parent = storeFolder();
  const target = join(parent, await exampleKey(path, making.setup, parent));
  const known = ExampleStore.open(target, making.exampleOf);
  if (known !== undefined) {
    const now = new Date();
    utimesSync(target, now, now);
    return known;
  }
  const folder = `${target}.${process.pid}.tmp`;
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await fill(folder, path, making, making.setup.task.encoding);
    rmSync(target, { recursive: true, force: true });
    renameSync(folder, target);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw explainWrite(error, folder);
  }
  pruneStores(parent);
  const made = ExampleStore.open(target, making.exampleOf);
  if (made === undefined) throw cacheUnwritable(parent, new Error(`${target} is gone`));
  return made;
}
