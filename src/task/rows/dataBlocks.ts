import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { TableForm } from "../../experiment/tableForm.ts";
import type { Refuse } from "./badRows.ts";
import { dataBytes, firstText, packing } from "./dataText.ts";
import { jsonLines } from "./jsonRows.ts";
import { isParquetFile } from "./readRows.ts";
import type { Row } from "./row.ts";
import { tableBody, tableHead, type TableHead } from "./tableRows.ts";
import { lineText, partDecoder } from "./textEncoding.ts";
import { kindOfHead, lastEnd, tableForm } from "./textForm.ts";

/** Bytes of a block, and of a file's beginning that tells its form. */
const BLOCK = 1 << 21;
const HEAD = 1 << 22;
/** A record that is longer has a quote that is not closed, or the file has no line breaks. */
const LONGEST_RECORD = 1 << 25;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const MARK = Buffer.from("\uFEFF");

/** A part of a data file: whole records, as UTF-8. */
export interface DataBlock {
  bytes: Uint8Array<ArrayBuffer>;
  /** The line that it begins with, from 1. */
  line: number;
}

/** How the blocks of a file are read; plain data, for other threads. */
export interface BlockForm {
  path: string;
  /** The columns of a table; undefined: JSON lines. */
  head: TableHead | undefined;
}

/** A data file that is read in blocks. */
export interface BlockFile {
  form: BlockForm;
  encoding: string;
  /** What the user should know of it, such as its encoding. */
  notes: readonly Phrase[];
  /** @param size bytes of a block, about */
  blocks: (size?: number) => AsyncGenerator<DataBlock>;
}

/**
 * Finds out whether and how a data file can be read in blocks, so that a file of any size takes the same memory.
 * @param encoding the encoding of its text, if it is not to be found out
 * @param refuse takes the error of a record before a table's header
 * @returns undefined for a form that has to be read whole: Parquet, one JSON document
 * @throws UserError where it cannot be read
 */
export async function openBlocks(
  path: string,
  encoding: string | undefined,
  refuse: Refuse,
): Promise<BlockFile | undefined> {
  if (isParquetFile(path)) return undefined;
  const { text, all, notes, encoding: found, hasReturns } = await firstText(path, HEAD, encoding);
  const kind = kindOfHead(path, text, all);
  if (kind === ".json") return undefined;
  const form = tableForm(kind, text);
  // The ends of cells are looked for in bytes.
  if (form !== undefined && form.delimiter.charCodeAt(0) > 0x7f) return undefined;
  const head = form && tableHead(text, path, form, { refuse });
  if (form !== undefined && head === undefined) return undefined;
  // A header that the file ends with has no rows behind it, nor a line break by which to find its end.
  const isEmpty = all && head !== undefined && head.from > text.length;
  return {
    form: { path, head },
    encoding: found,
    notes,
    blocks: (size = BLOCK) => blocksOf({ path, encoding: found, hasReturns, form, size, isEmpty }, head),
  };
}

/**
 * The rows of a block.
 * @param refuse takes the error of each row that is wrong
 * @throws UserError where the block is no text
 */
export function blockRows({ path, head }: BlockForm, { bytes, line }: DataBlock, refuse: Refuse): Row[] {
  const text = lineText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), path, line);
  return head === undefined ? jsonLines(text, path, refuse, line) : tableBody(text, { path, line }, head, refuse);
}

interface BlockReading {
  path: string;
  encoding: string;
  hasReturns: boolean;
  form: TableForm | undefined;
  size: number;
  /** Whether nothing stands behind the header. */
  isEmpty: boolean;
}

/** The bytes of a file as UTF-8 without a mark, lines ended by line feeds. */
async function* plainBytes({ path, encoding, hasReturns, size }: BlockReading): AsyncGenerator<Buffer> {
  const decode = encoding === "utf-8" ? undefined : partDecoder(encoding, path);
  let isFirst = true;
  for await (const part of dataBytes(path, packing(path), size)) {
    let bytes = decode === undefined ? part : Buffer.from(decode(part));
    if (isFirst) {
      if (bytes.subarray(0, MARK.length).equals(MARK)) bytes = bytes.subarray(MARK.length);
      isFirst = false;
    }
    if (hasReturns)
      for (let at = bytes.indexOf(RETURN); at >= 0; at = bytes.indexOf(RETURN, at + 1)) bytes[at] = LINE_FEED;
    yield bytes;
  }
}

/** How many bytes at the beginning are whole records. */
function wholeBytes(bytes: Buffer, form: TableForm | undefined): number {
  if (form?.quotes !== true) return bytes.lastIndexOf(LINE_FEED) + 1;
  // A character a byte: quotes, delimiters and line breaks are single bytes.
  const end = lastEnd(bytes.toString("latin1"), form);
  // A quote that is not closed for so long is misplaced: its line is a record of its own.
  return end === 0 && bytes.length > LONGEST_RECORD ? bytes.indexOf(LINE_FEED) + 1 : end;
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

async function* blocksOf(reading: BlockReading, head: TableHead | undefined): AsyncGenerator<DataBlock> {
  const { path, form, isEmpty } = reading;
  if (isEmpty) return;
  let rest: Buffer = Buffer.alloc(0);
  // The records of the header, and Excel's line before it, stand before the rows.
  let skipped = (head?.line ?? 1) - 1;
  let line = head?.line ?? 1;
  for await (const part of plainBytes(reading)) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    for (; skipped > 0 && rest.includes(LINE_FEED); skipped--) rest = rest.subarray(rest.indexOf(LINE_FEED) + 1);
    if (skipped > 0) continue;
    for (let end = wholeBytes(rest, form); end > 0; end = rest.length > LONGEST_RECORD ? wholeBytes(rest, form) : 0) {
      const whole = rest.subarray(0, end);
      yield { bytes: new Uint8Array(whole), line };
      line += countLines(whole);
      rest = rest.subarray(end);
    }
    if (rest.length > LONGEST_RECORD && !rest.includes(LINE_FEED))
      throw new UserError(
        "line-too-long",
        phrase`${path}:${line}: the line is longer than ${Math.round(LONGEST_RECORD / 1e6)} MB`,
        phrase`Give a file of shorter rows, one a line.`,
      );
  }
  if (skipped === 0 && rest.length > 0) yield { bytes: new Uint8Array(rest), line };
}
