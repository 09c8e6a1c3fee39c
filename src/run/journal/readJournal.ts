import { existsSync } from "node:fs";
import type { RunEvent } from "../../record/events.ts";
import { foldEvents } from "../../record/foldEvents.ts";
import type { RunRecord } from "../../record/record.ts";
import type { NewerVersion } from "../../base/newerVersion.ts";
import { LineReader, REPEATED, isWhole, readWholeLines, journalPath } from "./journalLines.ts";
import { readPosts } from "./inbox.ts";
import { mayBeNewer, newerVersionOf } from "./newerLines.ts";

/** The most lines, not counting repeated ones, that a record is folded from. */
const MOST_LINES = 100_000;

/**
 * Returns the newer version that has written to a journal, if one has.
 * @param path the journal's file
 */
export function newerVersionIn(path: string): NewerVersion | undefined {
  const reader = new LineReader();
  for (const line of readWholeLines(path).lines) {
    const event = mayBeNewer(line) ? reader.event(line) : undefined;
    const newer = event === undefined ? undefined : newerVersionOf(event);
    if (newer !== undefined) return newer;
  }
  return undefined;
}

/**
 * Returns the names of the events that a journal has got from the run's inbox.
 * @param path the journal's file
 */
export function takenPosts(path: string): Set<string> {
  const reader = new LineReader();
  const lines = readWholeLines(path).lines.filter((line) => line.includes('"posted":"'));
  // A line that was torn names an event that the journal does not have.
  return new Set(lines.flatMap((line) => reader.event(line)?.posted ?? []));
}

/**
 * Reads all events of a run's journal; those in its inbox are not there yet. `bad` counts the complete lines that are
 * damaged or not an event; complete lines of a newer version do not count, and neither does a partial last line.
 * @throws UserError when the journal cannot be read
 */
export function readJournal(runPath: string): { events: RunEvent[]; bad: number } {
  const path = journalPath(runPath);
  const { lines, short } = existsSync(path) ? readWholeLines(path) : { lines: [], short: 0 };
  const parsed = LineReader.all(lines);
  const events = parsed.filter((event) => event !== undefined);
  const isNewer = events.some((event) => newerVersionOf(event) !== undefined);
  return {
    events,
    bad: short + lines.filter((line, i) => parsed[i] === undefined && !(isNewer && isWhole(line))).length,
  };
}

/** Counts how many of the steps 1 to `upTo` have no event in a journal, because their lines are damaged. */
export function missingSteps(events: readonly RunEvent[], upTo: number): number {
  const recorded = new Set(
    events.flatMap((event) => (event.type === "step" && event.step <= upTo ? [event.step] : [])),
  );
  return upTo - recorded.size;
}

const FIRST = '{"type":"created"';

/**
 * Reads a run's record. It equals the fold of all events, but parses only the last of the repeated ones. Events that
 * wait in the run's inbox come last. `size`: how many bytes of the journal it is folded from.
 * @throws UserError when the journal cannot be read
 */
export function readRecord(runPath: string): { record: RunRecord; size: number } {
  const path = journalPath(runPath);
  if (!existsSync(path)) return { record: foldEvents([]), size: 0 };
  // Before the journal: an event that is taken in meanwhile is then in both, and in none otherwise.
  const posts = readPosts(runPath);
  const { lines, size } = readWholeLines(path);
  const events: RunEvent[] = [];
  const pending = new Set(REPEATED);
  const reader = new LineReader();
  // From the end, so that the first valid line found of each repeated kind is the last one written.
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at]!;
    const kind = REPEATED.find((start) => line.startsWith(start));
    if ((kind !== undefined && !pending.has(kind)) || (events.length > MOST_LINES && !line.startsWith(FIRST))) continue;
    const event = reader.event(line);
    if (event === undefined) continue;
    if (kind !== undefined) pending.delete(kind);
    events.push(event);
  }
  const taken = new Set(events.flatMap(({ posted }) => posted ?? []));
  const waiting = posts.filter(({ id }) => !taken.has(id)).map(({ event }) => event);
  return { record: foldEvents([...events.reverse(), ...waiting]), size };
}
