import { closeSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openPlain } from "../../base/files/boundedFile.ts";
import { RunEvent } from "../../record/events.ts";
import { readNewerLine } from "./newerLines.ts";

/** The byte that ends each line of a journal. */
export const NEWLINE = 10;

/** The path of a run's journal. */
export const journalPath = (runPath: string): string => join(runPath, "events.jsonl");

/**
 * The largest journal in bytes that is read as a whole, limited by the length of a JavaScript string. Of a larger one
 * the first HEAD_BYTES, which say what the run is, and the end are read.
 */
const MOST_BYTES = 384 * 1024 * 1024;
const HEAD_BYTES = 64 * 1024;
/** A shorter or longer line (in characters) is not an event of any version. */
const SHORTEST = 20;
const LONGEST = 16 * 1024 * 1024;
/**
 * The most lines that are examined; of a longer journal the first line and the last ones. A real journal of MOST_BYTES
 * bytes has fewer.
 */
const MOST_LINES = 2_000_000;
/**
 * Once this many lines of a kind (counted from the end) start like an event but are none, the reader ignores the rest
 * of that kind.
 */
const MOST_UNREADABLE = 10_000;
/** The beginnings of events that are repeated at every step. A record keeps only the last of each. */
export const REPEATED = ['{"type":"step"', '{"type":"heartbeat"'];

/**
 * Returns an event as a JSON line with the CRC-32 of the event's JSON. Lines of older versions and of other
 * programs have none.
 */
export function withChecksum(event: object): string {
  const text = JSON.stringify(event);
  return `${text.slice(0, -1)},"crc":"${crc32(text).toString(16).padStart(8, "0")}"}`;
}

const CHECKSUM = /,"crc":"([0-9a-f]{8})"\}$/;
const hasChecksum = (line: string): boolean => CHECKSUM.test(line);

/** Whether a line's checksum is right, or it has none. */
function hasValidChecksum(line: string): boolean {
  const found = CHECKSUM.exec(line);
  return found === null || crc32(`${line.slice(0, found.index)}}`) === parseInt(found[1]!, 16);
}

/** Whether a line has a checksum and is complete, whatever version wrote it. */
export const isWhole = (line: string): boolean => hasChecksum(line) && hasValidChecksum(line);

/**
 * Parses a journal's lines, which the caller passes from the last to the first. Finding that a line is not an event is
 * the most expensive case, so that the number of such lines is limited. The limit counts each repeated kind, and all
 * other lines together, separately: a caller that skips repeated lines then gets the same other events.
 */
export class LineReader {
  private readonly unreadable = new Map<string, number>();

  /** Returns undefined for a line that is incomplete, damaged, or not an event. */
  event(line: string): RunEvent | undefined {
    if (line.length < SHORTEST || line.length > LONGEST || !line.startsWith("{") || !line.endsWith("}"))
      return undefined;
    const kind = REPEATED.find((start) => line.startsWith(start)) ?? "";
    const before = this.unreadable.get(kind) ?? 0;
    if (before >= MOST_UNREADABLE) return undefined;
    const event = hasValidChecksum(line) ? parsed(line) : undefined;
    if (event === undefined) this.unreadable.set(kind, before + 1);
    return event;
  }

  /** Parses all lines of a journal, given and returned in the order of the file. */
  static all(lines: readonly string[]): (RunEvent | undefined)[] {
    const reader = new LineReader();
    return lines
      .toReversed()
      .map((line) => reader.event(line))
      .reverse();
  }
}

function parsed(line: string): RunEvent | undefined {
  try {
    const json: unknown = JSON.parse(line);
    const event = RunEvent.safeParse(json);
    if (event.success) return event.data;
    // In a line without a checksum, an unknown type may also be a damaged one.
    return hasChecksum(line) ? readNewerLine(json) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Splits a text into the lines that may be events, in order; of very many, the first and the last ones. `short` counts
 * the non-empty lines that are too short to be an event. Text after the last newline is ignored.
 */
export function linesIn(text: string): { lines: string[]; short: number } {
  const lines: string[] = [];
  const first = text.indexOf("\n");
  let short = 0;
  for (let end = text.lastIndexOf("\n"); end >= 0;) {
    // At offset 0 lastIndexOf would search from offset 0, not before it.
    const start = end === 0 ? 0 : text.lastIndexOf("\n", end - 1) + 1;
    if (end - start >= SHORTEST) lines.push(text.slice(start, end));
    else if (end > start) short += 1;
    if (lines.length >= MOST_LINES && start > first) {
      lines.push(text.slice(0, first));
      break;
    }
    end = start - 1;
  }
  return { lines: lines.reverse(), short };
}

/**
 * Reads a journal's complete lines. `size` is the offset in bytes after the last of them; `short` is as in `linesIn`.
 * @throws UserError when the file cannot be read
 */
export function readWholeLines(path: string): { lines: string[]; short: number; size: number } {
  const { fd, size: all } = openPlain(path);
  try {
    const head = all > MOST_BYTES ? HEAD_BYTES : 0;
    const end = Buffer.alloc(Math.min(all, MOST_BYTES));
    const length = readSync(fd, end, 0, end.length, all - end.length);
    const whole = end.subarray(0, length).lastIndexOf(NEWLINE) + 1;
    const start = Buffer.alloc(head);
    readSync(fd, start, 0, head, 0);
    return {
      ...linesIn(`${start.toString("utf8")}${head > 0 ? "\n" : ""}${end.toString("utf8", 0, whole)}`),
      size: all - end.length + whole,
    };
  } finally {
    closeSync(fd);
  }
}
