import { closeSync, openSync, readSync } from "node:fs";

const HEAD_BYTES = 1 << 20;

/** The beginning of a file as text: enough for its header, however long the file. */
export function readHead(file: string): string {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}
