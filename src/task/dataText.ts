import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { UserError } from "../experiment/errors.ts";

/** About the longest string that V8 holds. */
const MAX_BYTES = 512 * 1024 * 1024 - 64;
const TOO_LARGE = (path: string): UserError => new UserError(`${path} is larger than 512 MB`, "Split it, or sample from it.");

/**
 * The UTF-8 text of a data file, without its byte-order mark; a name that ends in .gz is unpacked.
 * @throws UserError naming the file that cannot be read, is damaged or too large
 */
export async function dataText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_BYTES) throw TOO_LARGE(path);
    const bytes = await readFile(path);
    return decode(path.toLowerCase().endsWith(".gz") ? await unpack(bytes, path) : bytes, path).replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Text in another encoding would be trained on as garbage: it is refused, with its line. */
function decode(bytes: Buffer, path: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw new UserError(`${path} is UTF-16, not UTF-8`, "Save it as UTF-8.");
  let line = 1;
  for (let from = 0; ; line++) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || !isUtf8(bytes.subarray(from, end))) break;
    from = end + 1;
  }
  throw new UserError(`${path}:${line}: the line is not UTF-8 text`, "Save the file as UTF-8.");
}

async function unpack(bytes: Buffer, path: string): Promise<Buffer> {
  try { return await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }); } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw TOO_LARGE(path);
    throw new UserError(`${path} is no whole gzip file: ${(error as Error).message}`, "Copy or download it again.");
  }
}
