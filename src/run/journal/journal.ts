import { closeSync, existsSync, fstatSync, fsyncSync, readSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { openPlain } from "../../base/files/boundedFile.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Annotation, NewRunEvent, RunEvent } from "../../record/events.ts";
import { foldEvents, type RunRecord } from "../../record/record.ts";
import { newerError, type NewerVersion } from "../../base/newerVersion.ts";
import { explainWrite, syncFolder } from "../../base/files/atomicFile.ts";
import { LineReader, REPEATED, isWhole, linesIn, sealed, wholeLines } from "./journalLines.ts";
import { mayBeNewer, newerVersionOf } from "./newerLines.ts";
import { openRunFile } from "../files/runFile.ts";

const FILE = "events.jsonl";
const NEWLINE = 10;
/** Events whose loss would change what a run is; steps and heartbeats come again. */
const DURABLE = new Set<RunEvent["type"]>([
  "created",
  "status",
  "engine",
  "checkpoint",
  "error",
  "git",
  "sources",
  "contents",
  "evaluation",
  "precision",
  "memory",
  "annotated",
]);

/** Bytes of a journal that are read at a time; a line that is longer is none of ours. */
const MOST_AT_ONCE = 64 * 1024 * 1024;
/** Lines, but for those that repeat, that a record is made of. */
const MOST_LINES = 100_000;

/** Appends events to a run's events.jsonl, one JSON line each; several processes may. */
export class Journal {
  private readonly fd: number;
  private readonly path: string;

  /** @throws UserError when the folder may not be written, the disk is full, or a newer version has written to it */
  constructor(runPath: string) {
    this.path = join(runPath, FILE);
    const isNew = !existsSync(this.path);
    const newer = isNew ? undefined : newerVersion(this.path);
    if (newer !== undefined) throw newerError(basename(runPath), newer);
    try {
      this.fd = openRunFile(this.path, "append");
      // A file's own fsync does not keep its name.
      if (isNew) syncFolder(runPath);
    } catch (error) {
      throw explainWrite(error, this.path);
    }
  }

  /** @throws UserError when the disk is full */
  append(event: NewRunEvent): void {
    try {
      // What somebody left torn, who was killed or ran out of space in the middle of a line, stays a line of its own.
      this.write(`${this.endsTorn() ? "\n" : ""}${sealed({ ...event, time: Date.now() })}\n`);
      if (DURABLE.has(event.type)) fsyncSync(this.fd);
    } catch (error) {
      throw explainWrite(error, this.path);
    }
  }

  /**
   * Makes all that was appended survive a power cut: what a checkpoint is beyond must not be missing from the journal.
   */
  sync(): void {
    try {
      fsyncSync(this.fd);
    } catch (error) {
      throw explainWrite(error, this.path);
    }
  }

  private endsTorn(): boolean {
    const { size } = fstatSync(this.fd);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(this.fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
  }

  /** A disk that fills takes a part of a line without a word; the rest then says why. */
  private write(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** A journal's first event: what the run is. */
export function announceRun(
  id: string,
  { name, method, task, backbone, seed, training, part }: Experiment,
  journal: Journal,
): void {
  journal.append({
    type: "created",
    version: 1,
    id,
    name,
    method: method.kind,
    task: task.kind === "named" ? task.name : task.kind,
    backbone,
    seed,
    steps: training.steps,
    ...(part !== undefined && {
      sweep: part.sweep,
      ...(part.name !== undefined && { experiment: part.name }),
      ...(part.variant !== undefined && { variant: part.variant }),
    }),
  });
}

/** The newer version that has written to a journal, if one has. */
function newerVersion(path: string): NewerVersion | undefined {
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
  const path = join(runPath, FILE);
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
  const path = join(runPath, FILE);
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

/** What a person says of a run, in its journal. */
export function annotateRun(runPath: string, said: Annotation): void {
  const journal = new Journal(runPath);
  try {
    journal.append({ type: "annotated", ...said });
  } finally {
    journal.close();
  }
}

/** Reads what was appended since the last call. */
export class JournalTail {
  private readonly path: string;

  /** @param offset bytes that are known already */
  constructor(
    runPath: string,
    private offset = 0,
  ) {
    this.path = join(runPath, FILE);
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
