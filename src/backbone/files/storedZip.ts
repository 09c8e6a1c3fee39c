import { crc32 } from "node:zlib";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { readBytes } from "../../engine/weightData.ts";

/** A file that is open for reading: its path for messages, its descriptor, its size in bytes. */
export interface OpenFile {
  path: string;
  fd: number;
  size: number;
}
/** Consecutive bytes of a file, and their CRC-32 where the file has it. */
export interface FilePart {
  name: string;
  offset: number;
  size: number;
  crc: number | undefined;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const LOCATOR_SIZE = 20;
const MOST_COMMENT = 65_535;
const NEEDS_64 = 0xffffffff;
const MANY_NEED_64 = 0xffff;
const SIZES_64 = 1;
/** The longest directory that is read, in bytes; a part takes about a hundred. */
const MOST_DIRECTORY = 16 * 1024 * 1024;

type Fail = (what: Phrase) => never;

const failing =
  (path: string): Fail =>
  (what) => {
    throw new UserError("zip-malformed", phrase`${path}: ${what}`, phrase`Copy or download the file again.`);
  };

/** The place of the directory and its number of entries, as the archive's end says. */
function directoryOf({ path, fd, size }: OpenFile, fail: Fail): { count: number; from: number; length: number } {
  const tailSize = Math.min(size, END_SIZE + MOST_COMMENT + LOCATOR_SIZE);
  const tail = readBytes(fd, size - tailSize, tailSize);
  let end = tail.length - END_SIZE;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0)
    throw new UserError(
      "zip-directory-missing",
      phrase`${path} is not a complete file of torch.save: it has no zip directory at its end`,
      phrase`Copy or download it again.`,
    );
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const from = tail.readUInt32LE(end + 16);
  if (count !== MANY_NEED_64 && length !== NEEDS_64 && from !== NEEDS_64) return { count, length, from };
  const locator = end - LOCATOR_SIZE;
  if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR_64) return { count, length, from };
  const at = Number(tail.readBigUInt64LE(locator + 8));
  if (at + 56 > size) return fail(phrase`its zip directory is damaged`);
  const record = readBytes(fd, at, 56);
  if (record.readUInt32LE(0) !== END_64) return fail(phrase`its zip directory is damaged`);
  return {
    count: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    from: Number(record.readBigUInt64LE(48)),
  };
}

/** The values of an entry that do not fit 32 bits, in the order of the format: size, compressed size, place. */
function wideValues(extra: Buffer, fields: readonly number[], fail: Fail): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== SIZES_64) continue;
    let next = at + 4;
    const end = Math.min(extra.length, next + extra.readUInt16LE(at + 2));
    return fields.map((value) => {
      if (value !== NEEDS_64) return value;
      if (next + 8 > end) return fail(phrase`its zip directory is damaged`);
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    });
  }
  return [...fields];
}

/** A part of the archive, by its entry in the central directory. */
function partOf(file: OpenFile, entry: { head: Buffer; name: string; extra: Buffer }, fail: Fail): FilePart {
  const { head, name, extra } = entry;
  const fields = [head.readUInt32LE(24), head.readUInt32LE(20), head.readUInt32LE(42)];
  const [size = 0, compressed = 0, local = 0] = wideValues(extra, fields, fail);
  if ((head.readUInt16LE(8) & 1) === 1) fail(phrase`its part "${name}" is encrypted`);
  if (head.readUInt16LE(10) !== 0) fail(phrase`its part "${name}" is compressed, which torch.save does not do`);
  if (local + 30 > file.size) fail(phrase`its part "${name}" is not where the directory says`);
  const own = readBytes(file.fd, local, 30);
  if (own.readUInt32LE(0) !== LOCAL) fail(phrase`its part "${name}" is not where the directory says`);
  const offset = local + 30 + own.readUInt16LE(26) + own.readUInt16LE(28);
  if (compressed !== size || offset + size > file.size) fail(phrase`its part "${name}" is cut off`);
  return { name, offset, size, crc: head.readUInt32LE(16) };
}

/**
 * The parts of a zip archive that are stored uncompressed, as torch.save makes it, by name. Their bytes are not read.
 * @throws UserError naming the file and the part that is damaged
 */
export function readStoredZip(file: OpenFile): Map<string, FilePart> {
  const fail = failing(file.path);
  const { count, from, length } = directoryOf(file, fail);
  if (length > MOST_DIRECTORY || from + length > file.size) fail(phrase`its zip directory is damaged`);
  const directory = readBytes(file.fd, from, length);
  const parts = new Map<string, FilePart>();
  let at = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || directory.readUInt32LE(at) !== CENTRAL) fail(phrase`its zip directory is damaged`);
    const extraAt = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = extraAt + directory.readUInt16LE(at + 30);
    const next = extraEnd + directory.readUInt16LE(at + 32);
    if (next > length) fail(phrase`its zip directory is damaged`);
    const name = directory.toString("utf8", at + 46, extraAt);
    if (parts.has(name)) fail(phrase`it has the part "${name}" twice`);
    const head = directory.subarray(at, at + 46);
    const part = partOf(file, { head, name, extra: directory.subarray(extraAt, extraEnd) }, fail);
    // Overlapping parts could add up to far more bytes than the file has.
    if ((sum += part.size) > file.size) fail(phrase`its parts overlap`);
    parts.set(name, part);
    at = next;
  }
  return parts;
}

/** Bytes that are read at a time. */
const CHUNK = 2 ** 24;

/**
 * Reads a part piece by piece and compares its checksum at the end.
 * @throws UserError naming the file and the part where the checksum is wrong
 */
export function* piecesOf({ path, fd }: OpenFile, { name, offset, size, crc }: FilePart): Generator<Buffer, void> {
  let found = 0;
  for (let done = 0; done < size; done += CHUNK) {
    const piece = readBytes(fd, offset + done, Math.min(CHUNK, size - done));
    if (crc !== undefined) found = crc32(piece, found);
    yield piece;
  }
  if (crc !== undefined && found !== crc) failing(path)(phrase`its part "${name}" is damaged: its checksum is wrong`);
}

/** Reads a whole part. @throws UserError naming the file and the part where its checksum is wrong */
export const readPart = (file: OpenFile, part: FilePart): Buffer => {
  const [first, ...more] = piecesOf(file, part);
  return more.length === 0 && first !== undefined ? first : Buffer.concat([...(first ? [first] : []), ...more]);
};
