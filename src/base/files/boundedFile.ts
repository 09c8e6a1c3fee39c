import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { UserError } from "../errors.ts";
import { phrase } from "../phrase.ts";

/** Non-blocking, so that opening a pipe without a writer returns at once; the pipe is then refused. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file for reading. The caller closes it.
 * @returns the file descriptor and the size in bytes
 * @throws UserError naming the path if it cannot be read (the system's error is its `cause`), or is a folder, a pipe or
 * a device
 */
export function openPlain(path: string): { fd: number; size: number } {
  let fd: number | undefined;
  try {
    fd = openSync(path, READ);
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Error(stats.isDirectory() ? "EISDIR: it is a folder" : "it is no plain file");
    return { fd, size: stats.size };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw Object.assign(
      new UserError("file-not-readable", phrase`${path} cannot be read: ${(error as Error).message}`),
      { cause: error },
    );
  }
}

/**
 * Reads a regular file of at most `most` bytes.
 * @throws UserError naming the path if it cannot be read or is larger
 */
export function boundedBytes(path: string, most: number): Buffer {
  const { fd, size } = openPlain(path);
  try {
    if (size > most)
      throw new UserError(
        "file-too-large",
        phrase`${path} has ${size} bytes; a file of its kind has at most ${most}`,
        phrase`Check that it is the file that was meant.`,
      );
    const bytes = Buffer.alloc(size);
    let done = 0;
    for (let read = -1; read !== 0 && done < size; done += read) read = readSync(fd, bytes, done, size - done, done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads a regular file of at most `most` bytes as UTF-8 text.
 * @throws UserError naming the path if it cannot be read or is larger
 */
export const boundedText = (path: string, most: number): string => boundedBytes(path, most).toString("utf8");
