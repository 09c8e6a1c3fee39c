import { statSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { firstRows } from "../../task/rows/readRows.ts";
import { columnsOf } from "../../task/template.ts";

/** Bytes of a data file that are read for its fields; the second number is for files with a longer first row. */
const BYTES = [1e6, 32e6];
const ROWS = 200;
/** The number of files whose fields are kept. */
const MOST = 100;

/** The fields of a data file's first rows, or why they cannot be read. */
export type Fields = { names: readonly string[] } | { error: UserError };

/** The fields of data files that experiments name; a file is read again when it changes. */
export class KnownFields {
  private readonly files = new Map<string, Promise<Fields>>();

  of(path: string): Promise<Fields> {
    const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
    const key = [path, mtimeMs, size, ino].join(" ");
    const known = this.files.get(key) ?? read(path);
    this.files.delete(key);
    this.files.set(key, known);
    for (const oldest of [...this.files.keys()].slice(0, -MOST)) this.files.delete(oldest);
    return known;
  }
}

async function read(path: string): Promise<Fields> {
  let error: UserError | undefined;
  for (const bytes of BYTES) {
    try {
      return { names: columnsOf((await firstRows(path, bytes)).rows.slice(0, ROWS)) };
    } catch (failure) {
      if (!(failure instanceof UserError)) throw failure;
      error = failure;
    }
  }
  return { error: error! };
}
