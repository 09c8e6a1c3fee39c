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
 * Bytes of a journal that are read as a whole: what a string of JavaScript holds. Of a longer one its beginning, which
 * says what the run is, and its end.
 */
const MOST_BYTES = 384 * 1024 * 1024;
const HEAD_BYTES = 64 * 1024;
/** A line that is shorter or longer is no event of any version. */
const SHORTEST = 20;
const LONGEST = 16 * 1024 * 1024;
/**
 * Lines of a journal that are looked at, of a longer one the last, beside its first. A journal of so many bytes has
 * fewer, unless somebody made it.
 */
const MOST_LINES = 2_000_000;
/**
 * Lines of a kind that look like an event and are none: before so many, read from the end, a reader looks into no more.
 */
const MOST_UNREADABLE = 10_000;
/** How lines begin that come again with each step: of these a record holds the last alone. */
export const REPEATED = ['{"type":"step"', '{"type":"heartbeat"'];

/** A line with a checksum of what stands before it. A line without one is of an older version, or another program's. */
export function sealed(event: object): string {
  const text = JSON.stringify(event);
  return `${text.slice(0, -1)},"crc":"${crc32(text).toString(16).padStart(8, "0")}"}`;
}

const SEAL = /,"crc":"([0-9a-f]{8})"\}$/;
const isSealed = (line: string): boolean => SEAL.test(line);

/** Whether a line is as it was written, as far as it tells. */
function isSound(line: string): boolean {
  const seal = SEAL.exec(line);
  return seal === null || crc32(`${line.slice(0, seal.index)}}`) === parseInt(seal[1]!, 16);
}

/** Whether a line was written whole, by whichever version. */
export const isWhole = (line: string): boolean => isSealed(line) && isSound(line);

/**
 * Reads a journal's lines from its end on. What costs most is finding that a line is no event: that has an end, counted
 * for each repeated kind and for all others, so that who leaves out repeated lines finds the same others.
 */
export class LineReader {
  private readonly unreadable = new Map<string, number>();

  /** @returns undefined for what is torn, damaged, or no event */
  event(line: string): RunEvent | undefined {
    if (line.length < SHORTEST || line.length > LONGEST || !line.startsWith("{") || !line.endsWith("}"))
      return undefined;
    const kind = REPEATED.find((start) => line.startsWith(start)) ?? "";
    const before = this.unreadable.get(kind) ?? 0;
    if (before >= MOST_UNREADABLE) return undefined;
    const event = isSound(line) ? parsed(line) : undefined;
    if (event === undefined) this.unreadable.set(kind, before + 1);
    return event;
  }

  /** What each of a journal's lines is. */
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
    // Without a checksum an unknown word may as well be a damaged one.
    return isSealed(line) ? readNewerLine(json) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Lines of a text that may be events, in order: its first, and the last of them; `short` counts those that are too
 * short to be one, empty ones left out. The text ends with a line's end, or what follows the last is left out.
 */
export function linesIn(text: string): { lines: string[]; short: number } {
  const lines: string[] = [];
  const first = text.indexOf("\n");
  let short = 0;
  for (let end = text.lastIndexOf("\n"); end >= 0;) {
    // Before the first sign there is no line's end; lastIndexOf would look at the first sign itself.
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

/** A journal's whole lines, and how many of its bytes they are. */
export function wholeLines(path: string): { lines: string[]; short: number; size: number } {
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
