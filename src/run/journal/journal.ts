import { closeSync, existsSync, fstatSync, fsyncSync, readSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Annotation, NewRunEvent, RunEvent } from "../../record/events.ts";
import { newerError } from "../../base/newerVersion.ts";
import { explainWrite, syncFolder } from "../../base/files/atomicFile.ts";
import { sealed, NEWLINE, journalPath } from "./journalLines.ts";
import { openRunFile } from "../files/runFile.ts";
import { newerVersion } from "./readJournal.ts";

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

/** Appends events to a run's events.jsonl, one JSON line each; several processes may. */
export class Journal {
  private readonly fd: number;
  private readonly path: string;

  /** @throws UserError when the folder may not be written, the disk is full, or a newer version has written to it */
  constructor(runPath: string) {
    this.path = journalPath(runPath);
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

/** What a person says of a run, in its journal. */
export function annotateRun(runPath: string, said: Annotation): void {
  const journal = new Journal(runPath);
  try {
    journal.append({ type: "annotated", ...said });
  } finally {
    journal.close();
  }
}
