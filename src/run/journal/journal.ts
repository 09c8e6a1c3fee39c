import { closeSync, existsSync, fstatSync, fsyncSync, readSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { Experiment } from "../../experiment/experiment.ts";
import type { NewRunEvent, RunEvent } from "../../record/events.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { newerError } from "../../base/newerVersion.ts";
import { explainWrite, syncFolder } from "../../base/files/atomicFile.ts";
import { withChecksum, NEWLINE, journalPath } from "./journalLines.ts";
import { openRunFile } from "../files/runFile.ts";
import { readPosts, removePosts } from "./inbox.ts";
import { newerVersionIn, takenPosts } from "./readJournal.ts";

/**
 * Events that are fsynced at once, since losing one would change the state of the run. Steps and heartbeats are
 * repeated.
 */
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

/**
 * Appends events to a run's events.jsonl, one JSON line each. A journal has one writer at a time: who holds the run's
 * lease, or who makes the run. On a network file system the lines of two would go over each other.
 */
export class Journal {
  private readonly fd: number;
  private readonly path: string;

  /**
   * @param how "append" creates a missing journal; "extend" is for a process that did not create the run; "reopen" for
   * one that has found before that no newer version has written to it
   * @throws UserError when the journal cannot be written, the disk is full, a newer version has written to it, or there
   * is none to extend
   */
  constructor(
    private readonly runPath: string,
    how: "append" | "extend" | "reopen" = "append",
  ) {
    this.path = journalPath(runPath);
    const isNew = !existsSync(this.path);
    if (!isNew && how !== "reopen") refuseNewerJournal(runPath);
    try {
      this.fd = openRunFile(this.path, how === "append" ? how : "extend");
      // fsync of a new file does not save its entry in the folder.
      if (isNew) syncFolder(runPath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") throw goneError(runPath);
      throw explainWrite(error, this.path);
    }
  }

  /**
   * Appends an event with the current time.
   * @throws UserError when the disk is full
   */
  append(event: NewRunEvent): void {
    try {
      this.put({ ...event, time: Date.now() });
      if (DURABLE.has(event.type)) fsyncSync(this.fd);
    } catch (error) {
      throw explainWrite(error, this.path);
    }
  }

  /**
   * Appends the events that others have put into the run's inbox, each once.
   * @throws UserError when the disk is full
   */
  takeIn(): void {
    const posts = readPosts(this.runPath);
    if (posts.length === 0) return;
    // A writer that was killed before it removed them has left in the inbox what the journal has.
    const taken = takenPosts(this.path);
    try {
      for (const { id, event } of posts) if (!taken.has(id)) this.put(event);
    } catch (error) {
      throw explainWrite(error, this.path);
    }
    this.sync();
    removePosts(this.runPath, posts);
  }

  private put(event: object): void {
    // A writer that was killed, or ran out of space, can have left a partial line: end that line first.
    this.write(`${this.endsTorn() ? "\n" : ""}${withChecksum(event)}\n`);
  }

  /**
   * Makes all appended events survive a power failure. Call it before saving a checkpoint, whose steps must not be
   * missing in the journal.
   * @throws UserError when the disk is full
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

  /** Writes all bytes: on a nearly full disk writeSync writes a part without an error, and only the next call fails. */
  private write(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.fd);
  }
}

/**
 * Appends the first event of a journal, which says what the run is.
 * @param id the run's id
 */
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
    ...("folder" in task && { data: task.folder }),
    ...("train" in task && { data: task.train }),
    backbone,
    seed,
    steps: training.steps,
    selection: training.selection,
    ...(part !== undefined && {
      sweep: part.sweep,
      ...(part.name !== undefined && { experiment: part.name }),
      ...(part.variant !== undefined && { variant: part.variant }),
    }),
  });
}

/** Returns the error that tells that a run's journal is not there. */
export const goneError = (runPath: string): UserError =>
  new UserError(
    "run-gone",
    phrase`The run ${basename(runPath)} is gone: its folder was moved or deleted`,
    phrase`Look for it in the trash, or where it was moved.`,
  );

/** @throws UserError when a newer version has written to the journal of a run */
export function refuseNewerJournal(runPath: string): void {
  const newer = newerVersionIn(journalPath(runPath));
  if (newer !== undefined) throw newerError(basename(runPath), newer);
}

/**
 * Appends events to the journal of a run whose lease this process holds, after those that wait in its inbox. A run that
 * somebody deletes at this moment stays deleted.
 * @throws UserError as the constructor and `append` of `Journal`
 */
export function appendEvents(runPath: string, ...events: readonly NewRunEvent[]): void {
  const journal = new Journal(runPath, "extend");
  try {
    journal.takeIn();
    for (const event of events) journal.append(event);
  } finally {
    journal.close();
  }
}
