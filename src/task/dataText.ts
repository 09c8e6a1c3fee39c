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
    return (path.toLowerCase().endsWith(".gz") ? await unpack(bytes, path) : bytes).toString("utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

async function unpack(bytes: Buffer, path: string): Promise<Buffer> {
  try { return await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }); } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw TOO_LARGE(path);
    throw new UserError(`${path} is no whole gzip file: ${(error as Error).message}`, "Copy or download it again.");
  }
}
