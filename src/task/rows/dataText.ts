import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";

/** About the longest string that V8 allows. */
const MAX_BYTES = 512 * 1024 * 1024 - 64;
const TOO_LARGE = (path: string): UserError =>
  new UserError("data-file-too-large", phrase`${path} is larger than 512 MB`, phrase`Split it, or sample from it.`);
const isPacked = (path: string): boolean => path.toLowerCase().endsWith(".gz");

/**
 * Reads the UTF-8 text of a data file, without its byte-order mark; a file whose name ends in .gz is unpacked.
 * @throws UserError naming a file that cannot be read, is damaged or is too large
 */
export function dataText(path: string): Promise<string> {
  return reading(path, async () => {
    if ((await stat(path)).size > MAX_BYTES) throw TOO_LARGE(path);
    const bytes = await readFile(path);
    return decode(isPacked(path) ? await unpack(bytes, path) : bytes, path);
  });
}

/**
 * Reads the first lines of a data file: the whole lines within its first `most` bytes, or a part of the first line
 * where none ends there.
 * @returns `all`: whether that is the whole file
 * @throws UserError as `dataText` does
 */
export function firstText(path: string, most: number): Promise<{ text: string; all: boolean }> {
  return reading(path, async () => {
    if ((await stat(path)).size > MAX_BYTES) throw TOO_LARGE(path);
    const bytes = await firstBytes(path, most + 1);
    const all = bytes.length <= most;
    return { text: decode(all ? bytes : bytes.subarray(0, lineEnd(bytes)), path), all };
  });
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

/**
 * Decodes UTF-8. Text in another encoding would be trained on as garbage, so it is refused, naming its first bad line.
 */
function decode(bytes: Buffer, path: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    throw new UserError("data-file-utf16", phrase`${path} is UTF-16, not UTF-8`, phrase`Save it as UTF-8.`);
  let line = 1;
  for (let from = 0; ; line++) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || !isUtf8(bytes.subarray(from, end))) break;
    from = end + 1;
  }
  throw new UserError(
    "data-line-not-utf8",
    phrase`${path}:${line}: the line is not UTF-8 text`,
    phrase`Save the file as UTF-8.`,
  );
}

const DAMAGED = (path: string, error: unknown): UserError =>
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
    throw DAMAGED(path, error);
  }
}

/** The first bytes of a file, at most `most`, unpacked. */
async function firstBytes(path: string, most: number): Promise<Buffer> {
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  const stream = isPacked(path) ? source.pipe(createGunzip()) : source;
  const parts: Buffer[] = [];
  // `pipe` does not pass on errors of its source.
  source.on("error", (error) => {
    stream.destroy(error);
  });
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      parts.push(chunk);
      length += chunk.length;
      if (length >= most) break;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith("Z_") === true) throw DAMAGED(path, error);
    throw error;
  } finally {
    source.destroy();
  }
  return Buffer.concat(parts).subarray(0, most);
}
