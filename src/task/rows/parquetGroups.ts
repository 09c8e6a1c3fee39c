import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type FileMetaData } from "hyparquet";
import { UserError } from "../../base/errors.ts";
import type { Row } from "./row.ts";
import { phrase } from "../../base/phrase.ts";
import { checkParquet } from "./parquetBounds.ts";
import { unpackers } from "./parquetUnpackers.ts";
import { exactValues, TIME_PARSERS } from "./parquetValue.ts";
import { rowFromRecord } from "./rowFromRecord.ts";
import { rowsTogether } from "./rowsTogether.ts";

async function attempt<T>(place: string, work: () => Promise<T>): Promise<T> {
  // Damaged bytes make the library throw errors of many types, such as the RangeError of a view.
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      "parquet-malformed",
      phrase`${place}: no Parquet that can be read: ${(error as Error).message}`,
      phrase`Copy or download the file again; an encrypted one cannot be read.`,
    );
  }
}

/** Some rows of a file. On the last part, `all` says whether the file has no more. */
export interface ParquetPart {
  rows: Row[];
  all?: boolean;
  /** The number of rows of the whole file. */
  total: number;
}

/**
 * Reads the rows of a Parquet file group by group. A nested column is a field with a dot, such as "answers.text".
 * @param most about how many bytes of values to read
 * @throws UserError naming the file, and the rows of a damaged part
 */
export async function* parquetGroups(path: string, most: number): AsyncGenerator<ParquetPart> {
  const file = await attempt(path, () => asyncBufferFromFile(path));
  const whole: FileMetaData = await attempt(path, () => parquetMetadataAsync(file));
  const { metadata, columns } = await attempt(path, () => {
    checkParquet(path, whole);
    return Promise.resolve(exactValues(whole));
  });
  const total = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  let left = most;
  let count = 0;
  for (const group of metadata.row_groups) {
    if (left <= 0) {
      yield { rows: [], all: false, total };
      return;
    }
    const bytes = Number(group.total_byte_size);
    const share = Math.min(1, left / Math.max(1, bytes));
    const rowStart = count;
    const rowEnd = rowStart + Math.ceil(share * Number(group.num_rows));
    const place = `${path}, rows ${rowStart + 1} to ${rowEnd}`;
    const records: Record<string, unknown>[] = await attempt(place, () =>
      parquetReadObjects({
        file,
        metadata,
        compressors: unpackers,
        rowStart,
        rowEnd,
        utf8: false,
        parsers: TIME_PARSERS,
      }),
    );
    if (records.length !== rowEnd - rowStart)
      throw new UserError(
        "parquet-rows-missing",
        phrase`${place}: only ${records.length} rows are there`,
        phrase`Copy or download the file again.`,
      );
    const exact = (record: Record<string, unknown>): Record<string, unknown> =>
      Object.fromEntries(Object.entries(record).map(([name, value]) => [name, columns.get(name)?.(value) ?? value]));
    const rows = function* (): Generator<Row> {
      for (const [i, record] of records.entries())
        yield rowFromRecord(exact(record), { line: rowStart + i + 1, unit: "row" });
    };
    const parts = rowsTogether(rows());
    for (;;) {
      const part = await attempt(place, () => Promise.resolve(parts.next()));
      if (part.done === true) break;
      yield { rows: part.value, total };
    }
    if (share < 1) {
      yield { rows: [], all: false, total };
      return;
    }
    left -= bytes;
    count = rowEnd;
  }
  yield { rows: [], all: true, total };
}
