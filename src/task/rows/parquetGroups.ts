import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type FileMetaData,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { UserError } from "../../base/errors.ts";
import type { Row } from "./row.ts";
import { phrase } from "../../base/phrase.ts";
import { checkParquet } from "./parquetBounds.ts";
import { rowFromRecord } from "./rowFromRecord.ts";

/** The shortest decimal that rounds to this 32-bit float: 3.8 is stored as 3.799999952316284. */
function shortest(value: unknown): unknown {
  if (typeof value !== "number" || !Number.isFinite(value)) return value;
  return (
    [6, 7, 8].map((digits) => Number(value.toPrecision(digits))).find((each) => Math.fround(each) === value) ?? value
  );
}

async function attempt<T>(place: string, work: () => Promise<T>): Promise<T> {
  // Damaged bytes make the library throw errors of many types, such as the RangeError of a view.
  try {
    return await work();
  } catch (error) {
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
}

/**
 * Reads the rows of a Parquet file group by group. A nested column is a field with a dot, such as "answers.text".
 * @param most about how many bytes of values to read
 * @throws UserError naming the file, and the rows of a damaged part
 */
export async function* parquetGroups(path: string, most: number): AsyncGenerator<ParquetPart> {
  const file = await attempt(path, () => asyncBufferFromFile(path));
  const metadata: FileMetaData = await attempt(path, () => parquetMetadataAsync(file));
  await attempt(path, () => {
    checkParquet(path, metadata);
    return Promise.resolve();
  });
  const floats = parquetSchema(metadata)
    .children.filter(({ element }) => element.type === "FLOAT")
    .map(({ element }) => element.name);
  let left = most;
  let count = 0;
  for (const group of metadata.row_groups) {
    if (left <= 0) {
      yield { rows: [], all: false };
      return;
    }
    const bytes = Number(group.total_byte_size);
    const share = Math.min(1, left / Math.max(1, bytes));
    const rowStart = count;
    const rowEnd = rowStart + Math.ceil(share * Number(group.num_rows));
    const place = `${path}, rows ${rowStart + 1} to ${rowEnd}`;
    const records: Record<string, unknown>[] = await attempt(place, () =>
      parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd }),
    );
    if (records.length !== rowEnd - rowStart)
      throw new UserError(
        "parquet-rows-missing",
        phrase`${place}: only ${records.length} rows are there`,
        phrase`Copy or download the file again.`,
      );
    yield {
      rows: records.map((record, i) =>
        rowFromRecord(
          { ...record, ...Object.fromEntries(floats.map((name) => [name, shortest(record[name])])) },
          { line: rowStart + i + 1, unit: "row" },
        ),
      ),
    };
    if (share < 1) {
      yield { rows: [], all: false };
      return;
    }
    left -= bytes;
    count = rowEnd;
  }
  yield { rows: [], all: true };
}
