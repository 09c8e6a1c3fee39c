import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
import { UserError } from "../../base/errors.ts";
import { encodingLabel } from "../../base/text/encodingLabel.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { headOf, isGzip, refuseForeign } from "./foreignFile.ts";
import { decoded, decodingOf } from "./textEncoding.ts";

/** About the longest string that V8 allows. */
const MAX_BYTES = 512 * 1024 * 1024 - 64;
const TOO_LARGE = (path: string): UserError =>
  new UserError("data-file-too-large", phrase`${path} is larger than 512 MB`, phrase`Split it, or sample from it.`);
const isPacked = (path: string): boolean => path.toLowerCase().endsWith(".gz");

/** The text of a data file. */
export interface DataText {
  text: string;
  /** What the user should know of it: that it was read in another encoding than UTF-8. */
  notes: readonly Phrase[];
  /** The encoding that it was read in. */
  encoding: string;
  /** Whether its lines end with carriage returns alone. */
  hasReturns: boolean;
}

/**
 * Reads the text of a data file, without its byte-order mark, in the encoding that it has; a gzip file is unpacked.
 * @param encoding the encoding, if it is not to be found out
 * @throws UserError naming a file that cannot be read, is damaged, too large or of another kind
 */
export function dataText(path: string, encoding?: string): Promise<DataText> {
  return reading(path, async () => {
    if ((await stat(path)).size > MAX_BYTES) throw TOO_LARGE(path);
    const packed = packing(path);
    const bytes = await readFile(path);
    return textOf(packed ? await unpack(bytes, path) : bytes, path, encoding);
  });
}

/**
 * Reads the first lines of a data file: the whole lines within its first `most` bytes, or a part of the first line
 * where none ends there.
 * @returns `all`: whether that is the whole file
 * @throws UserError as `dataText` does
 */
export function firstText(path: string, most: number, encoding?: string): Promise<DataText & { all: boolean }> {
  return reading(path, async () => {
    const bytes = await firstBytes(path, most + 1, packing(path));
    const all = bytes.length <= most;
    const found = textOf(all ? bytes : bytes.subarray(0, lineEnd(bytes)), path, encoding);
    return { ...found, text: all ? found.text : wholeLines(found.text), all };
  });
}

/** Whether a file is to be unpacked: its first bytes say so, or its name does. Another kind of file is refused. */
export function packing(path: string): boolean {
  const head = headOf(path);
  if (isGzip(head)) return true;
  refuseForeign(head, path);
  return isPacked(path);
}

function textOf(bytes: Buffer, path: string, encoding: string | undefined): DataText {
  refuseForeign(bytes, path);
  const found = encoding === undefined ? decodingOf(bytes, path) : { encoding: encodingLabel(encoding) ?? encoding };
  const notes = found.note === undefined ? [] : [found.note];
  const hasReturns = !bytes.includes(0x0a) && bytes.includes(0x0d);
  return { text: decoded(bytes, found.encoding, path), notes, encoding: found.encoding, hasReturns };
}

/** Cuts a text after its last whole line; where it has none, not at all. */
function wholeLines(text: string): string {
  const end = text.lastIndexOf("\n") + 1;
  return end === 0 ? text : text.slice(0, end);
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("data-file-not-readable", phrase`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Where the last whole line ends; if there is none, where the last whole character ends. */
function lineEnd(bytes: Buffer): number {
  const line = bytes.lastIndexOf(10);
  if (line >= 0) return line + 1;
  let end = bytes.length - 1;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}

const gzipError = (path: string, error: unknown): UserError =>
  new UserError(
    "gzip-malformed",
    phrase`${path} is not a complete gzip file: ${(error as Error).message}`,
    phrase`Copy or download it again.`,
  );

async function unpack(bytes: Buffer, path: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw TOO_LARGE(path);
    throw gzipError(path, error);
  }
}

/**
 * The bytes of a file, one part after another, unpacked.
 * @throws UserError where a gzip file is damaged
 */
export async function* dataBytes(path: string, packed: boolean, part = 1 << 20): AsyncGenerator<Buffer> {
  const source = createReadStream(path, { highWaterMark: part });
  const stream = packed ? source.pipe(createGunzip({ chunkSize: Math.max(64, part) })) : source;
  // `pipe` does not pass on errors of its source.
  source.on("error", (error) => {
    stream.destroy(error);
  });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith("Z_") === true) throw gzipError(path, error);
    throw error;
  } finally {
    source.destroy();
  }
}

/** The first bytes of a file, at most `most`, unpacked. */
async function firstBytes(path: string, most: number, packed: boolean): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of dataBytes(path, packed)) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return Buffer.concat(parts).subarray(0, most);
}
