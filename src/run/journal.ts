import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import { RunEvent, type Annotation, type NewRunEvent } from "../experiment/events.ts";
import { fold, type RunRecord } from "../experiment/record.ts";
import { explainFull } from "./atomicFile.ts";

const FILE = "events.jsonl";
const NEWLINE = 10;
/** Events whose loss would change what a run is; steps and heartbeats come again. */
const DURABLE = new Set<RunEvent["type"]>(["created", "status", "engine", "memory", "checkpoint", "error", "git", "sources", "evaluation", "annotated"]);

/** Appends events to a run's events.jsonl, one JSON line each. */
export class Journal {
  private readonly fd: number;
  private readonly path: string;

  constructor(runPath: string) {
    this.path = join(runPath, FILE);
    this.fd = openSync(this.path, "a+");
    const { size } = fstatSync(this.fd);
    const last = Buffer.alloc(1);
    // A writer killed in the middle of a line leaves it torn: a new line keeps the next event whole.
    if (size > 0 && readSync(this.fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE) writeSync(this.fd, "\n");
  }

  /** @throws UserError when the disk is full */
  append(event: NewRunEvent): void {
    try {
      writeSync(this.fd, `${JSON.stringify({ ...event, time: Date.now() })}\n`);
      if (DURABLE.has(event.type)) fsyncSync(this.fd);
    } catch (error) { throw explainFull(error, this.path); }
  }

  close(): void { closeSync(this.fd); }
}

/** A journal's first event: what the run is. */
export function announceRun(id: string, { name, method, task, backbone, seed, training, part }: Experiment, journal: Journal): void {
  journal.append({ type: "created", version: 1, id, name, method: method.kind, task: task.kind === "named" ? task.name : task.kind, backbone, seed, steps: training.steps,
    ...(part !== undefined && { sweep: part.sweep, ...(part.name !== undefined && { experiment: part.name }), ...(part.variant !== undefined && { variant: part.variant }) }) });
}

function parseLine(line: string): RunEvent | undefined {
  try {
    const parsed = RunEvent.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch { return undefined; }
}

/** A run's events. A torn last line is left out; `bad` counts whole lines that are no event. */
export function readJournal(runPath: string): { events: RunEvent[]; bad: number } {
  const path = join(runPath, FILE);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1).filter((line) => line !== "") : [];
  const events = lines.map(parseLine).filter((event) => event !== undefined);
  return { events, bad: lines.length - events.length };
}

/** Of these a record holds the last alone: a long journal is read for its few other lines. */
const REPEATED = ['{"type":"step"', '{"type":"heartbeat"'];

/** A run's record and how many bytes of its journal it holds; the same as folding every event, without reading every step. */
export function readRecord(runPath: string): { record: RunRecord; size: number } {
  const path = join(runPath, FILE);
  if (!existsSync(path)) return { record: fold([]), size: 0 };
  const bytes = readFileSync(path), size = bytes.lastIndexOf(NEWLINE) + 1, lines = bytes.toString("utf8", 0, size).split("\n").slice(0, -1);
  const events: RunEvent[] = [], pending = new Set(REPEATED);
  // From the end, so that the first whole one of each kind is the last.
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at]!, kind = REPEATED.find((start) => line.startsWith(start));
    if (kind !== undefined && !pending.has(kind)) continue;
    const event = parseLine(line);
    if (event === undefined) continue;
    if (kind !== undefined) pending.delete(kind);
    events.push(event);
  }
  return { record: fold(events.reverse()), size };
}

/** What a person says of a run, in its journal. */
export function annotateRun(runPath: string, said: Annotation): void {
  const journal = new Journal(runPath);
  try { journal.append({ type: "annotated", ...said }); } finally { journal.close(); }
}

/** Reads what was appended since the last call. */
export class JournalTail {
  private readonly path: string;

  /** @param offset bytes that are known already */
  constructor(runPath: string, private offset = 0) { this.path = join(runPath, FILE); }

  /** Bytes read so far. */
  get size(): number { return this.offset; }

  /** New whole lines as events; a line still being written comes with a later call. */
  read(): RunEvent[] {
    if (!existsSync(this.path)) return [];
    const fd = openSync(this.path, "r");
    try {
      const { size } = fstatSync(fd);
      if (size < this.offset) this.offset = 0;
      const buffer = Buffer.alloc(size - this.offset);
      const read = readSync(fd, buffer, 0, buffer.length, this.offset);
      const end = buffer.subarray(0, read).lastIndexOf(NEWLINE) + 1;
      this.offset += end;
      return buffer.subarray(0, end).toString("utf8").split("\n").map(parseLine).filter((event) => event !== undefined);
    } finally { closeSync(fd); }
  }
}
