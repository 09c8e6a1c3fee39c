import { crc32 } from "node:zlib";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const MOST_COMMENT = 65_535;
const NEEDS_64 = 0xffffffff;

function endOf(bytes: Buffer): number {
  for (let at = bytes.length - END_SIZE; at >= Math.max(0, bytes.length - END_SIZE - MOST_COMMENT); at--)
    if (bytes.readUInt32LE(at) === END) return at;
  return -1;
}

/** The bytes of one file of the archive, found by its entry in the central directory. */
function content(bytes: Buffer, entry: { at: number; name: string }, fail: (what: Phrase) => never): Buffer {
  const { at, name } = entry;
  const method = bytes.readUInt16LE(at + 10);
  const crc = bytes.readUInt32LE(at + 16);
  const size = bytes.readUInt32LE(at + 24);
  const local = bytes.readUInt32LE(at + 42);
  if ((bytes.readUInt16LE(at + 8) & 1) === 1) fail(phrase`its part "${name}" is encrypted`);
  if (method !== 0) fail(phrase`its part "${name}" is compressed, which torch.save does not do`);
  if (size === NEEDS_64 || local === NEEDS_64) fail(phrase`its part "${name}" is larger than 4 GB`);
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL)
    fail(phrase`its part "${name}" is not where the directory says`);
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  if (bytes.readUInt32LE(at + 20) !== size || start + size > bytes.length) fail(phrase`its part "${name}" is cut off`);
  const data = bytes.subarray(start, start + size);
  if (crc32(data) !== crc) fail(phrase`its part "${name}" is damaged: its checksum is wrong`);
  return data;
}

/**
 * The files of a zip archive whose parts are stored uncompressed, as torch.save makes it, checksums compared.
 * @param path for messages @throws UserError naming the file and the part that is damaged
 */
export function readStoredZip(bytes: Buffer, path: string): Map<string, Buffer> {
  const fail = (what: Phrase): never => {
    throw new UserError("zip-malformed", phrase`${path}: ${what}`, phrase`Copy or download the file again.`);
  };
  const end = endOf(bytes);
  if (end < 0)
    throw new UserError(
      "zip-directory-missing",
      phrase`${path} is not a complete file of torch.save: it has no zip directory at its end`,
      phrase`Copy it again; a file of torch before 1.6 must be loaded and saved anew there.`,
    );
  const files = new Map<string, Buffer>();
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== CENTRAL) fail(phrase`its zip directory is damaged`);
    const nameLength = bytes.readUInt16LE(at + 28);
    const next = at + 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > end) fail(phrase`its zip directory is damaged`);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    if (files.has(name)) fail(phrase`it has the part "${name}" twice`);
    const part = content(bytes, { at, name }, fail);
    // Overlapping parts could add up to far more bytes than the file has.
    if ((sum += part.length) > bytes.length) fail(phrase`its parts overlap`);
    files.set(name, part);
    at = next;
  }
  return files;
}
