import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import { RunEvent, type NewRunEvent } from "../experiment/events.ts";
import { explainFull } from "./atomicFile.ts";

const FILE = "events.jsonl";
const NEWLINE = 10;
/** Events whose loss would change what a run is; steps and heartbeats come again. */
const DURABLE = new Set<RunEvent["type"]>(["created", "status", "checkpoint", "error", "git", "evaluation"]);

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
export function announceRun(id: string, { name, method, task, backbone, seed, training }: Experiment, journal: Journal): void {
  journal.append({ type: "created", version: 1, id, name, method: method.kind, task: task.kind === "named" ? task.name : task.kind, backbone, seed, steps: training.steps });
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

/** Reads what was appended since the last call. */
export class JournalTail {
  private offset = 0;
  private readonly path: string;

  constructor(runPath: string) { this.path = join(runPath, FILE); }

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
