import { closeSync, existsSync, readSync } from "node:fs";
import { openPlain } from "../../base/files/boundedFile.ts";
import type { RunEvent } from "../../record/events.ts";
import { LineReader, linesIn, NEWLINE, journalPath } from "./journalLines.ts";

/** Bytes of a journal that are read at a time; a line that is longer is none of ours. */
const MOST_AT_ONCE = 64 * 1024 * 1024;

/** Reads what was appended since the last call. */
export class JournalTail {
  private readonly path: string;

  /** @param offset bytes that are known already */
  constructor(
    runPath: string,
    private offset = 0,
  ) {
    this.path = journalPath(runPath);
  }

  /** Bytes read so far. */
  get size(): number {
    return this.offset;
  }

  /**
   * New whole lines as events; a line still being written comes with a later call, and so does what a call is too short
   * for.
   */
  read(): RunEvent[] {
    if (!existsSync(this.path)) return [];
    const { fd, size } = openPlain(this.path);
    try {
      if (size < this.offset) this.offset = 0;
      const buffer = Buffer.alloc(Math.min(size - this.offset, MOST_AT_ONCE));
      const read = readSync(fd, buffer, 0, buffer.length, this.offset);
      const end = buffer.subarray(0, read).lastIndexOf(NEWLINE) + 1 || (read === MOST_AT_ONCE ? read : 0);
      this.offset += end;
      return LineReader.all(linesIn(buffer.toString("utf8", 0, end)).lines).filter((event) => event !== undefined);
    } finally {
      closeSync(fd);
    }
  }
}
