import { closeSync, readSync } from "node:fs";
import { openPlain } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

/** Bytes at a file's beginning that tell what it is. */
const HEAD = 1 << 16;
const UNPACK = phrase`Unpack it, and give the file inside.`;
const EXPORT = phrase`Export its rows as CSV, JSON lines or Parquet.`;
const SAVE_SHEET = phrase`Save the sheet as "CSV UTF-8", and give that file.`;
const FETCH = phrase`Download the file itself: on GitHub and Hugging Face, its "raw" or "download" link.`;

interface Foreign {
  /** Bytes that it begins with, one character a byte. */
  begins: string;
  /** A text somewhere in its head, where the beginning does not decide. */
  holds?: RegExp;
  what: Phrase;
  action: Phrase;
}

/** Files that people give for data; the first that fits. */
const FOREIGN: readonly Foreign[] = [
  {
    begins: "PK\x03\x04",
    holds: /xl\/(workbook|worksheets|_rels|styles)/,
    what: phrase`an Excel workbook`,
    action: SAVE_SHEET,
  },
  {
    begins: "PK\x03\x04",
    holds: /opendocument\.spreadsheet/,
    what: phrase`a spreadsheet of OpenDocument`,
    action: SAVE_SHEET,
  },
  { begins: "PK\x03\x04", holds: /word\/(document|_rels)/, what: phrase`a Word document`, action: EXPORT },
  { begins: "PK\x03\x04", what: phrase`a zip archive`, action: UNPACK },
  { begins: "PK\x05\x06", what: phrase`an empty zip archive`, action: UNPACK },
  {
    begins: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    what: phrase`an old Office document, such as an Excel workbook`,
    action: SAVE_SHEET,
  },
  { begins: "\x28\xb5\x2f\xfd", what: phrase`packed with zstd`, action: UNPACK },
  { begins: "BZh", holds: /^BZh[1-9]1AY&SY/, what: phrase`packed with bzip2`, action: UNPACK },
  { begins: "\xfd7zXZ\0", what: phrase`packed with xz`, action: UNPACK },
  { begins: "\x04\x22\x4d\x18", what: phrase`packed with lz4`, action: UNPACK },
  { begins: "7z\xbc\xaf\x27\x1c", what: phrase`a 7z archive`, action: UNPACK },
  { begins: "Rar!\x1a\x07", what: phrase`a rar archive`, action: UNPACK },
  { begins: "", holds: /^[^]{257}ustar/, what: phrase`a tar archive`, action: UNPACK },
  { begins: "PAR1", what: phrase`a Parquet file inside a gzip file`, action: UNPACK },
  { begins: "\x1f\x8b", what: phrase`packed twice`, action: UNPACK },
  { begins: "ARROW1", what: phrase`an Arrow file`, action: EXPORT },
  { begins: "\xff\xff\xff\xff", what: phrase`an Arrow stream`, action: EXPORT },
  { begins: "FEA1", what: phrase`a Feather file`, action: EXPORT },
  { begins: "ORC", holds: /^ORC[\0-\x1f\x80-\xff]/, what: phrase`an ORC file`, action: EXPORT },
  { begins: "Obj\x01", what: phrase`an Avro file`, action: EXPORT },
  { begins: "\x89HDF", what: phrase`an HDF5 file`, action: EXPORT },
  { begins: "SQLite format 3\0", what: phrase`an SQLite database`, action: EXPORT },
  { begins: "\x93NUMPY", what: phrase`an array of NumPy`, action: EXPORT },
  {
    begins: "\x80",
    holds: /^\x80[\x02-\x05][^]*\.$|^\x80[\x02-\x05][\x95c}\](]/,
    what: phrase`a pickle of Python`,
    action: EXPORT,
  },
  { begins: "%PDF-", what: phrase`a PDF document`, action: EXPORT },
  { begins: "\x89PNG", what: phrase`an image`, action: EXPORT },
  { begins: "\xff\xd8\xff", what: phrase`an image`, action: EXPORT },
  {
    begins: "version https://git-lfs.github.com/spec/",
    what: phrase`a pointer of Git LFS, which stands for the file`,
    action: phrase`Run "git lfs pull" in its repository, or download the file itself.`,
  },
  { begins: "", holds: /^(\xef\xbb\xbf)?\s*<(!doctype\s+html|html[\s>])/i, what: phrase`a web page`, action: FETCH },
  { begins: "", holds: /^(\xef\xbb\xbf)?\s*<\?xml\s/, what: phrase`an XML document`, action: EXPORT },
];

/**
 * The first bytes of a plain file.
 * @throws UserError where it cannot be read, or is a folder, a pipe or a device
 */
export function headOf(path: string): Buffer {
  const { fd } = openPlain(path);
  try {
    const bytes = Buffer.alloc(HEAD);
    return bytes.subarray(0, readSync(fd, bytes, 0, HEAD, 0));
  } finally {
    closeSync(fd);
  }
}

/** Whether a file begins as Parquet does. */
export const isParquet = (head: Buffer): boolean => head.subarray(0, 4).toString("latin1") === "PAR1";
/** Whether a file begins as gzip does. */
export const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/**
 * Refuses a file that holds no rows of text, by its first bytes: its name says nothing.
 * @throws UserError saying what it is
 */
export function refuseForeign(bytes: Buffer, path: string): void {
  const head = bytes.subarray(0, HEAD).toString("latin1");
  const found = FOREIGN.find(({ begins, holds }) => head.startsWith(begins) && (holds?.test(head) ?? true));
  if (found === undefined) return;
  const isWorkbook = /\.xls[xmb](\.gz)?$/i.test(path) && found.begins.startsWith("PK");
  throw new UserError(
    "data-file-foreign",
    phrase`${path} is ${isWorkbook ? phrase`an Excel workbook` : found.what}`,
    isWorkbook ? SAVE_SHEET : found.action,
  );
}
