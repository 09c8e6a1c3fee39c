import { isDeepStrictEqual } from "node:util";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { UserError } from "../../../src/base/errors.ts";
import { parseExactly, asPlainJson } from "../../../src/task/rows/exactJson.ts";
import { headOf, isGzip, isParquet, refuseForeign } from "../../../src/task/rows/foreignFile.ts";
import { firstRows, readData } from "../../../src/task/rows/readRows.ts";
import { decoded, decodingOf } from "../../../src/task/rows/textEncoding.ts";
import { makeValue } from "../make/makeJson.ts";
import { encoded, makeTable } from "../make/makeTable.ts";
import type { Random } from "../random.ts";
import { holds, texts, type Reader } from "../reader.ts";
import { checkRows } from "./checkRows.ts";

/** Names of encodings as an experiment may have them; the last digit of an input's length chooses one. */
const ENCODINGS = [
  undefined,
  undefined,
  undefined,
  "utf-8",
  "utf-16le",
  "utf-16be",
  "windows-1251",
  "shift_jis",
  "gb18030",
  "iso-2022-jp",
];

/** The bytes of a text in the encoding that is found, or that is named. */
const encodingReader: Reader = {
  name: "encoding",
  weight: 6,
  corpus: () => [
    ...texts("text,label\nnaïve,pos\n", "\ufefftext\nб\n", "a\rb\r"),
    Buffer.from("text,label\nhello,pos\n", "utf16le"),
    Buffer.from("\ufefftext,label\n好,坏\n", "utf16le").swap16(),
    Buffer.from("caf\xe9,\xfcber\n", "latin1"),
    Buffer.from("fffe0000", "hex"),
  ],
  make: makeTable,
  open: () => (input) => {
    const encoding = ENCODINGS[input.length % ENCODINGS.length] ?? decodingOf(input, "x.csv").encoding;
    const text = decoded(input, encoding, "x.csv");
    holds(
      !text.startsWith("\ufeff") || input.toString("hex").startsWith("efbbbfefbbbf") || encoding !== "utf-8",
      "a mark that is left",
    );
    holds(text.includes("\n") || !text.includes("\r"), "a line that no line feed ends");
    // As far as a reading of the first lines comes.
    const end = input.lastIndexOf(10, Math.floor(input.length / 2)) + 1;
    if (end > 0) decodingOf(input.subarray(0, end), "x.csv");
  },
};

const BEGINS = [
  "PK\x03\x04",
  "PK\x05\x06",
  "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
  "\x28\xb5\x2f\xfd",
  "BZh91AY&SY",
  "BZh",
  "\xfd7zXZ\0",
  "\x04\x22\x4d\x18",
  "7z\xbc\xaf\x27\x1c",
  "Rar!\x1a\x07",
  "PAR1",
  "\x1f\x8b\x08",
  "ARROW1",
  "\xff\xff\xff\xff",
  "FEA1",
  "ORC",
  "Obj\x01",
  "\x89HDF",
  "SQLite format 3\0",
  "\x93NUMPY",
  "\x80\x04\x95",
  "%PDF-",
  "\x89PNG",
  "\xff\xd8\xff",
  "version https://git-lfs.github.com/spec/v1\n",
  "<!doctype html>",
  "\xef\xbb\xbf <html ",
  "<?xml version='1.0'?>",
];
const FILLS = [
  "",
  "xl/workbook.xml",
  "word/document.xml",
  "mimetypeopendocument.spreadsheet",
  "text,label\na,b\n",
  '{"a":1}\n',
  "\0".repeat(300),
  " ".repeat(60_000),
  "ustar",
  ".",
];
const FILE_NAMES = ["x.csv", "x.tsv", "x.jsonl", "x.json", "x.txt", "x.xlsx", "x", "x.csv.gz"];

const latin = (text: string): Buffer => Buffer.from(text, "latin1");
/** A file of another kind, or one that only begins like it. */
function makeForeign(random: Random): Buffer {
  const parts = Array.from({ length: random.below(4) }, () => latin(random.one(FILLS)));
  const whole = Buffer.concat([latin(random.one(BEGINS)), ...parts]);
  if (random.chance(0.1)) return Buffer.concat([Buffer.alloc(257, random.one(["a", "\0"])), latin("ustar")]);
  return random.chance(0.2) ? gzipSync(whole) : whole;
}

/** A file of any kind, by any name. Parquet is left to its own readers. */
const foreignReader: Reader = {
  name: "foreign",
  weight: 4,
  // A gzip file of 200 KB may unpack to 200 MB.
  patience: 6000,
  corpus: () => [...BEGINS.map(latin), ...texts("text,label\na,b\n", "[1]"), gzipSync('{"a":"b"}\n')],
  make: makeForeign,
  open: (folder) => async (input) => {
    const path = join(folder, FILE_NAMES[input.length % FILE_NAMES.length]!);
    writeFileSync(path, input);
    const head = headOf(path);
    if (isParquet(head)) return;
    if (!isGzip(head)) refuseForeign(head, path);
    for (const read of [() => readData(path), () => firstRows(path, 300)])
      try {
        checkRows((await read()).rows);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
  },
};

/** The digits of numbers are kept, and nothing else differs from JSON.parse. */
const exactReader: Reader = {
  name: "exactJson",
  weight: 8,
  corpus: () => texts('{"a":[1.50,9007199254740993,"1.50\\"",NaN],"b":{"c":-0.0}}', "[1e400]", '"\\u0000"'),
  make: (random) => (random.chance(0.9) ? Buffer.from(makeValue(random, 5)) : encoded(makeValue(random, 4), random)),
  open: () => (input) => {
    const text = input.toString();
    let plain: unknown;
    let isJson = true;
    // A number beyond the range of a double is an infinity there, and null here.
    let hasInfinity = false;
    try {
      plain = JSON.parse(text, (_, value: unknown) => {
        hasInfinity ||= typeof value === "number" && !Number.isFinite(value);
        return value;
      });
    } catch {
      isJson = false;
    }
    try {
      const own = asPlainJson(parseExactly(text));
      if (isJson)
        holds(isDeepStrictEqual(own, plain) || hasInfinity || text.length > 10_000, "a value other than JSON's");
      else holds(/NaN|Infinity/.test(text), "a value where JSON has none");
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      holds(!isJson, "JSON that is refused");
    }
  },
};

export const TEXT_READERS: readonly Reader[] = [encodingReader, foreignReader, exactReader];
