import { closeSync, existsSync, readSync } from "node:fs";
import { openPlain } from "../../base/files/boundedFile.ts";
import type { RunEvent } from "../../record/events.ts";
import { readPosts } from "./inbox.ts";
import { takenPosts } from "./readJournal.ts";
import { LineReader, linesIn, NEWLINE, journalPath } from "./journalLines.ts";

/** The most bytes that one call reads; a longer line is not an event. */
const MOST_AT_ONCE = 64 * 1024 * 1024;

/** Follows a journal and its inbox: each call of `read` returns the events that have come since the last call. */
export class JournalTail {
  private readonly path: string;
  /** The names of events that were returned from the inbox and that the journal may not have yet. */
  private readonly given = new Set<string>();

  /** @param offset bytes of the journal that the caller knows already */
  constructor(
    private readonly runPath: string,
    private offset = 0,
  ) {
    this.path = journalPath(runPath);
  }

  /** Offset in bytes of the first byte not read yet. */
  get size(): number {
    return this.offset;
  }

  /**
   * Returns the events of the complete lines appended since the last call, at most 64 MB of them, and those that others
   * have put into the inbox. A line that is still being written comes with a later call. A journal that has become
   * shorter is read from its beginning.
   * @throws UserError when the file cannot be read
   */
  read(): RunEvent[] {
    if (!existsSync(this.path)) return [];
    const posts = readPosts(this.runPath).filter(({ id }) => !this.given.has(id));
    const lines = this.readLines();
    const events = lines.filter(({ posted }) => posted === undefined || !this.given.delete(posted));
    if (posts.length === 0) return events;
    // A writer that was killed has left in the inbox what the journal has.
    const taken = takenPosts(this.path);
    const waiting = posts.filter(({ id }) => !taken.has(id));
    for (const { id } of waiting) this.given.add(id);
    return [...events, ...waiting.map(({ event }) => event)];
  }

  private readLines(): RunEvent[] {
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
