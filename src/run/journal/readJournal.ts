import { existsSync } from "node:fs";
import type { RunEvent } from "../../record/events.ts";
import { foldEvents } from "../../record/foldEvents.ts";
import type { RunRecord } from "../../record/record.ts";
import type { NewerVersion } from "../../base/newerVersion.ts";
import { LineReader, REPEATED, isWhole, wholeLines, journalPath } from "./journalLines.ts";
import { mayBeNewer, newerVersionOf } from "./newerLines.ts";

/** Lines, but for those that repeat, that a record is made of. */
const MOST_LINES = 100_000;

/** The newer version that has written to a journal, if one has. */
export function newerVersion(path: string): NewerVersion | undefined {
  const reader = new LineReader();
  for (const line of wholeLines(path).lines) {
    const event = mayBeNewer(line) ? reader.event(line) : undefined;
    const newer = event === undefined ? undefined : newerVersionOf(event);
    if (newer !== undefined) return newer;
  }
  return undefined;
}

/**
 * A run's events. A torn last line is left out; `bad` counts whole lines that are no event: torn or damaged. What a
 * newer version has written whole is neither.
 */
export function readJournal(runPath: string): { events: RunEvent[]; bad: number } {
  const path = journalPath(runPath);
  const { lines, short } = existsSync(path) ? wholeLines(path) : { lines: [], short: 0 };
  const parsed = LineReader.all(lines);
  const events = parsed.filter((event) => event !== undefined);
  const isNewer = events.some((event) => newerVersionOf(event) !== undefined);
  return {
    events,
    bad: short + lines.filter((line, i) => parsed[i] === undefined && !(isNewer && isWhole(line))).length,
  };
}

/** How many of a run's first steps its journal does not tell of: damage has taken their lines. */
export function missingSteps(events: readonly RunEvent[], upTo: number): number {
  const told = new Set(events.flatMap((event) => (event.type === "step" && event.step <= upTo ? [event.step] : [])));
  return upTo - told.size;
}

const FIRST = '{"type":"created"';

/**
 * A run's record and how many bytes of its journal it holds; the same as folding every event, without reading every
 * step.
 */
export function readRecord(runPath: string): { record: RunRecord; size: number } {
  const path = journalPath(runPath);
  if (!existsSync(path)) return { record: foldEvents([]), size: 0 };
  const { lines, size } = wholeLines(path);
  const events: RunEvent[] = [];
  const pending = new Set(REPEATED);
  const reader = new LineReader();
  // From the end, so that the first whole one of each kind is the last.
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at]!;
    const kind = REPEATED.find((start) => line.startsWith(start));
    if ((kind !== undefined && !pending.has(kind)) || (events.length > MOST_LINES && !line.startsWith(FIRST))) continue;
    const event = reader.event(line);
    if (event === undefined) continue;
    if (kind !== undefined) pending.delete(kind);
    events.push(event);
  }
  return { record: foldEvents(events.reverse()), size };
}
