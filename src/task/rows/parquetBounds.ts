import { closeSync, readSync } from "node:fs";
import { parquetSchema, type FileMetaData, type RowGroup } from "hyparquet";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { openPlain } from "../../base/files/boundedFile.ts";
import { thriftStruct, type ThriftStruct } from "./thriftStruct.ts";

/**
 * The number of values, and of their unpacked bytes, that a file may have for each of its own bytes; the other two are
 * allowed whatever the size of the file.
 */
const MOST_A_BYTE = 1000;
const FREE_VALUES = 2 ** 20;
const FREE_BYTES = 2 ** 26;
const MOST_PAGE = 2 ** 28;
/** The largest page header in bytes; it may hold the smallest and the largest value of the page. */
const MOST_HEADER = 1 << 20;
const FIRST_LOOK = 1 << 12;

/**
 * The field of a page's header that describes it, by page type: data, index (which the library cannot read),
 * dictionary, data of version 2. See PageHeader in parquet.thrift.
 */
const HEADS = [5, undefined, 7, 8];

/** How many values and unpacked bytes the file may still have. */
interface Left {
  values: number;
  bytes: number;
}

const whole = (value: unknown, most: number): number => {
  if (typeof value !== "number" || !(value >= 0 && value <= most))
    throw new RangeError("a page's header lies about its size");
  return value;
};

/**
 * Reads a page's header.
 * @returns its fields, and where the page's content begins
 */
function headerAt(fd: number, at: number, end: number): { fields: ThriftStruct; from: number } {
  for (let look = FIRST_LOOK; ; look *= 16) {
    const bytes = Buffer.alloc(Math.min(look, end - at));
    const read = readSync(fd, bytes, 0, bytes.length, at);
    try {
      const { fields, length } = thriftStruct(bytes.subarray(0, read));
      return { fields, from: at + length };
    } catch (error) {
      if (look >= MOST_HEADER || look >= end - at) throw error;
    }
  }
}

/**
 * Checks one page and subtracts its values and bytes from what is left.
 * @returns where the next page begins
 */
function checkPage(fd: number, { at, end }: { at: number; end: number }, left: Left): number {
  const { fields, from } = headerAt(fd, at, end);
  const packed = whole(fields.get(3), end - from);
  left.bytes -= whole(fields.get(2), MOST_PAGE);
  const kind = HEADS[whole(fields.get(1), HEADS.length - 1)];
  const head = kind === undefined ? undefined : fields.get(kind);
  if (head instanceof Map) {
    const values = whole(head.get(1), left.values);
    left.values -= values;
    // The header of a data page of version 2 also has rows, nulls and the lengths of levels.
    if (kind === 8) {
      whole(head.get(2), values);
      whole(head.get(3), values);
      whole(whole(head.get(5), packed) + whole(head.get(6), packed), packed);
    }
  } else throw new RangeError("a page's header is not of its kind");
  if (left.bytes < 0) throw new RangeError("its pages hold more than is plausible");
  return from + packed;
}

/**
 * Checks that every column has a name of its own.
 * @throws UserError naming the file and the column
 */
function checkNames(path: string, children: ReturnType<typeof parquetSchema>["children"]): void {
  const earlier = new Set<string>();
  for (const { element } of children) {
    if (earlier.has(element.name))
      throw new UserError(
        "parquet-column-twice",
        phrase`${path}: it has the column "${element.name}" twice`,
        phrase`Write the file again with a different name for each column.`,
      );
    earlier.add(element.name);
  }
}

/**
 * Checks that every column of a row group is one of the schema, once. The library does not wait for others, so an error
 * in one would end the process.
 */
function checkColumns(group: RowGroup, children: ReturnType<typeof parquetSchema>["children"]): void {
  const checked = new Set<string>();
  for (const { meta_data: column } of group.columns) {
    const path = column?.path_in_schema ?? [];
    const child = children.find(({ element }) => element.name === path[0]);
    const key = JSON.stringify(child !== undefined && child.children.length === 0 ? path.slice(0, 1) : path);
    if (child === undefined || checked.has(key)) throw new RangeError("its columns are not those of its schema");
    checked.add(key);
  }
}

/**
 * Checks every page of a Parquet file before any is read: the library trusts the sizes in page headers, and a few bytes
 * can claim billions of values.
 * @throws RangeError where a page lies outside its column, or the pages hold more than a file of this size can
 * @throws UserError where two columns have one name
 */
export function checkParquet(path: string, metadata: FileMetaData): void {
  const { fd, size } = openPlain(path);
  const { children } = parquetSchema(metadata);
  checkNames(path, children);
  const left: Left = {
    values: Math.max(FREE_VALUES, MOST_A_BYTE * size),
    bytes: Math.max(FREE_BYTES, MOST_A_BYTE * size),
  };
  let rows = 0;
  try {
    for (const group of metadata.row_groups) {
      checkColumns(group, children);
      rows += whole(Number(group.num_rows), Number.MAX_SAFE_INTEGER);
      if (rows > Math.max(FREE_VALUES, MOST_A_BYTE * size)) throw new RangeError("it has more rows than is plausible");
      for (const { meta_data: column } of group.columns) {
        const at = whole(Number(column!.dictionary_page_offset || column!.data_page_offset), size);
        const end = at + whole(Number(column!.total_compressed_size), size - at);
        // The library does not read a last byte as a page either.
        for (let page = at; page < end - 1;) page = checkPage(fd, { at: page, end }, left);
      }
    }
  } finally {
    closeSync(fd);
  }
}
