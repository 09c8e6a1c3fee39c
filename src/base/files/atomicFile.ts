import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";

const FULL = "The disk is full";

/** Turns what a disk or a folder refuses into words the user can act on; any other error stays as it is. */
export function explainWrite(error: unknown, path: string): unknown {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new UserError(`${FULL}: ${path} could not be written`, "Free some space, then resume the run.");
    case "EFBIG":
      return new UserError(
        `${path} would be larger than a file may be on this disk`,
        "Keep the runs on another disk, with --runs-dir.",
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new UserError(
        `${path} may not be written`,
        "Change the permissions of its folder, or keep the runs in another, with --runs-dir.",
      );
    case "EISDIR":
      return new UserError(`${path} is a folder in the place of a file`, "Delete the folder.");
    default:
      return error;
  }
}

/** Whether it says that the disk is full: what failed by that goes on once there is space. */
export const isDiskFull = (error: unknown): boolean => error instanceof UserError && error.message.startsWith(FULL);

/**
 * Opens a file that is renamed later. What stands in its place is taken away first: of a link, another file would be
 * written to.
 */
export function openTemporary(path: string): number {
  rmSync(path, { force: true });
  return openSync(path, "wx");
}

/**
 * Writes a whole file or nothing: temporary file, fsync, rename, fsync of the folder.
 * @throws UserError when the disk is full or the folder may not be written
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openTemporary(temporary);
    try {
      writeFileSync(fd, data);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    // What was written of it would fill the disk further.
    rmSync(temporary, { force: true });
    throw explainWrite(error, path);
  }
}

/**
 * Makes names in a folder (new, renamed) survive a power cut; folders cannot be opened on Windows, where NTFS journals
 * them itself.
 */
export function syncFolder(folder: string): void {
  if (process.platform !== "win32") syncPath(folder, "r");
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Makes a folder and those above it that are missing; their names survive a power cut. One by one: Node's own way says
 * ENOENT of a disk that may not be written.
 */
export function makeFolder(given: string): void {
  const path = resolve(given);
  const parent = dirname(path);
  if (isFolder(path)) return;
  if (parent !== path) makeFolder(parent);
  // Another process may be faster.
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
  syncFolder(parent);
}

/** Makes a file that another part has written survive a power cut, its name too. */
export function syncFile(path: string): void {
  syncPath(path, "r+");
  syncFolder(dirname(path));
}

function syncPath(path: string, flag: "r" | "r+"): void {
  const fd = openSync(path, flag);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Takes away what writers that were ended have left in a folder. Only for a folder with one writer, who calls this. */
export function removeTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.\d+\.tmp$/.test(name)) rmSync(join(folder, name), { force: true });
}
