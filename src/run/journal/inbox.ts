import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { boundedText } from "../../base/files/boundedFile.ts";
import { explainWrite, syncFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import type { NewRunEvent, RunEvent } from "../../record/events.ts";
import { refuseLinkedFolders } from "../files/runFile.ts";
import { LineReader, withChecksum } from "./journalLines.ts";

/** Names sort in the order in which one process posts: time, count, and random letters against a second process. */
const NAME = /^(\d{13}-\d{6}-[0-9a-f]{8})\.json$/;
/** The most events of an inbox that are read, and the most bytes of each. A worker takes them in every few seconds. */
const MOST_POSTS = 1000;
const MOST_BYTES = 1024 * 1024;
const MOST_COUNT = 1_000_000;
let count = 0;

/** An event that waits in an inbox until whoever holds the run's lease takes it into the journal. */
export interface Post {
  readonly id: string;
  readonly event: RunEvent;
}

const inboxPath = (runPath: string): string => join(runPath, "inbox");
const postPath = (runPath: string, id: string): string => join(inboxPath(runPath), `${id}.json`);

/**
 * Puts an event into a run's inbox, as a file that is there whole or not at all and survives a power failure. Each file
 * has one writer, so that processes of several machines cannot overwrite each other's lines.
 * @throws UserError when the inbox cannot be written, the disk is full, or a link is in its place
 */
export function putPost(runPath: string, event: NewRunEvent): void {
  const folder = inboxPath(runPath);
  refuseLinkedFolders([folder]);
  const time = Date.now();
  count = (count + 1) % MOST_COUNT;
  const id = `${String(time).padStart(13, "0")}-${String(count).padStart(6, "0")}-${randomBytes(4).toString("hex")}`;
  try {
    // Not with its parents: the folder of a run that is deleted at this moment stays deleted.
    mkdirSync(folder);
    syncFolder(runPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw explainWrite(error, folder);
  }
  writeFileAtomic(postPath(runPath, id), `${withChecksum({ ...event, time, posted: id })}\n`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Returns the events that wait in a run's inbox, in the order of their names. A file without one is passed over. */
export function readPosts(runPath: string): Post[] {
  const ids = namesIn(inboxPath(runPath)).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  if (ids.length === 0) return [];
  const reader = new LineReader();
  return ids
    .sort()
    .slice(0, MOST_POSTS)
    .flatMap((id) => {
      try {
        const event = reader.event(boundedText(postPath(runPath, id), MOST_BYTES).trimEnd());
        return event?.posted === id ? [{ id, event }] : [];
      } catch (error) {
        // Taken in meanwhile.
        if (error instanceof UserError) return [];
        throw error;
      }
    });
}

/**
 * Has this machine ask anew what a run's inbox has: a network file system's client believes for up to a minute what it
 * has listed, and that a folder is not there, until it changes that folder itself.
 */
export function askAnew(runPath: string): void {
  const folder = inboxPath(runPath);
  const mark = join(folder, `look-${randomBytes(4).toString("hex")}`);
  try {
    refuseLinkedFolders([folder]);
    try {
      mkdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    writeFileSync(mark, "", { flag: "wx" });
    rmSync(mark, { force: true });
  } catch {
    // The run is gone, or its disk full or closed: what is believed has to do, and what comes of it is said there.
  }
}

/** Removes events from an inbox, once the journal has them. */
export function removePosts(runPath: string, posts: readonly Post[]): void {
  for (const { id } of posts) rmSync(postPath(runPath, id), { force: true });
}
