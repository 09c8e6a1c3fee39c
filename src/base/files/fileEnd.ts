import { closeSync, readSync } from "node:fs";
import { openPlain } from "./boundedFile.ts";

/** The end of a text, and how many bytes of it stand before. */
export interface TextEnd {
  text: string;
  before: number;
}

/**
 * The end of a UTF-8 text. Where something stands before it, it begins with a whole line, unless it has one line alone.
 * @param last the last bytes of the text
 * @param size all of its bytes
 */
export function textEnd(last: Buffer, size: number): TextEnd {
  const first = last.indexOf("\n");
  const isCut = size > last.length && first !== -1 && first !== last.length - 1;
  const told = isCut ? last.subarray(first + 1) : last;
  return { text: told.toString("utf8"), before: size - told.length };
}

/**
 * Reads the last `most` bytes of a regular file as `textEnd` cuts them. A file that grows meanwhile is read as it was.
 * @throws UserError naming the path if it cannot be read
 */
export function fileEnd(path: string, most: number): TextEnd {
  const { fd, size } = openPlain(path);
  try {
    const last = Buffer.alloc(Math.min(most, size));
    let done = 0;
    for (let read = -1; read !== 0 && done < last.length; done += read)
      read = readSync(fd, last, done, last.length - done, size - last.length + done);
    return textEnd(last.subarray(0, done), size - last.length + done);
  } finally {
    closeSync(fd);
  }
}
