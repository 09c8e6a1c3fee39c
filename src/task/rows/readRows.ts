import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { BadRows, refuseAll } from "./badRows.ts";
import { dataText, firstText } from "./dataText.ts";
import { headOf, isParquet, refuseForeign } from "./foreignFile.ts";
import type { Row } from "./row.ts";
import { readParquet } from "./parquetProcess.ts";
import { kindOf, kindOfHead, nameOf, tableForm, textRows, wholeRecords } from "./textForm.ts";

/** The beginning of a JSON document whose columns follow each other: no row is whole before the last column. */
const BY_COLUMNS = /^\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*(?:\{|\[\s*(?:"|-?\d|null|true|false))/;

/** Rows of a data file, and whether they are all of its rows. */
export interface SomeRows {
  rows: Row[];
  all: boolean;
  /** The rows that cannot be read; left out where there are none. */
  bad?: BadRows;
  /** What the user should know of the file, such as its encoding; left out where there is nothing. */
  notes?: readonly Phrase[];
}

/** How a data file is read. */
export interface Reading {
  /** Columns of a TSV that may have no header. */
  headerless?: readonly string[] | undefined;
  /** The encoding of its text, if it is not to be found out. */
  encoding?: string | undefined;
}

/**
 * Whether a file is Parquet: its first bytes decide, then its name.
 * @throws UserError where it cannot be read, or is of a kind that has no rows
 */
export function isParquetFile(path: string): boolean {
  const isNamed = nameOf(path) === ".parquet";
  let head: Buffer;
  try {
    head = headOf(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      "data-file-not-readable",
      phrase`${path} cannot be read: ${((error as { cause?: Error }).cause ?? error).message}`,
    );
  }
  if (isParquet(head)) return true;
  if (isNamed) refuseForeign(head, path);
  return isNamed;
}

/** What is found, without what is empty. */
const found = (rows: Row[], all: boolean, bad: BadRows, notes: readonly Phrase[] = []): SomeRows => ({
  rows,
  all,
  ...(bad.length > 0 && { bad }),
  ...(notes.length > 0 && { notes }),
});

/**
 * Reads a data file by its first bytes and its name: Parquet, CSV, TSV, JSON (SQuAD's, a list, pandas' columns), and
 * otherwise JSON lines (also MRQA's). Each but Parquet may be packed by gzip.
 * @returns its rows, and those that cannot be read
 * @throws UserError where the file as a whole cannot be read
 */
export async function readData(path: string, { headerless, encoding }: Reading = {}): Promise<SomeRows> {
  const bad = new BadRows();
  if (isParquetFile(path)) return someOf(path, found((await readParquet(path, Infinity)).rows, true, bad));
  const { text, notes } = await dataText(path, encoding);
  const kind = kindOf(path, text);
  const rows = textRows(text, path, { kind, form: tableForm(kind, text), headerless, refuse: bad.add });
  return someOf(path, found(rows, true, bad, notes));
}

/**
 * Reads the rows of a data file of which every row must be whole.
 * @throws UserError naming the file, the line or row, and the field
 */
export async function readRows(path: string, headerless?: readonly string[]): Promise<Row[]> {
  if (isParquetFile(path)) return someOf(path, { rows: (await readParquet(path, Infinity)).rows, all: true }).rows;
  const { text } = await dataText(path);
  const kind = kindOf(path, text);
  const rows = textRows(text, path, { kind, form: tableForm(kind, text), headerless, refuse: refuseAll });
  return someOf(path, { rows, all: true }).rows;
}

/**
 * Reads the first rows of a data file, those within its first bytes, so that a file of any size takes a moment.
 * @param headerless columns of a TSV that may have no header
 * @throws UserError as `readData` does, and where no row is whole within these bytes
 */
export async function firstRows(
  path: string,
  bytes: number,
  encoding?: string,
  headerless?: readonly string[],
): Promise<SomeRows> {
  const bad = new BadRows();
  if (isParquetFile(path)) {
    const { rows, all } = await readParquet(path, bytes);
    return someOf(path, found(rows, all, bad));
  }
  const { text, all, notes } = await firstText(path, bytes, encoding);
  const kind = kindOfHead(path, text, all);
  if (!all && kind === ".json" && BY_COLUMNS.test(text)) return readData(path, { encoding, headerless });
  const form = tableForm(kind, text);
  const whole = all ? text : wholeRecords(text, kind, form);
  if (whole === undefined)
    throw new UserError(
      "row-too-long",
      phrase`${path}: its first ${Math.round(bytes / 1e6)} MB hold no whole row`,
      phrase`Give a file of shorter rows.`,
    );
  const rows = textRows(whole, path, { kind, form, headerless, refuse: bad.add });
  return someOf(path, found(rows, all, bad, notes));
}

/** What is said of a file without rows. */
export const noRows = (path: string): UserError =>
  new UserError("data-file-empty", phrase`${path} has no rows`, phrase`Give a file with at least one example.`);

/** @throws UserError where the file has no rows, not even bad ones */
function someOf(path: string, some: SomeRows): SomeRows {
  if (some.rows.length === 0 && some.bad === undefined) throw noRows(path);
  return some;
}
