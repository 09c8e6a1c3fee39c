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
import { phrase } from "../phrase.ts";

/**
 * Translates a failed write into a UserError: full disk, missing permission, file too large, or a folder where the file
 * should be. Returns any other error unchanged.
 */
export function explainWrite(error: unknown, path: string): unknown {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new UserError(
        "disk-full",
        phrase`The disk is full: ${path} could not be written`,
        phrase`Free some space, then resume the run.`,
      );
    case "EFBIG":
      return new UserError(
        "file-too-large-for-disk",
        phrase`${path} would be larger than a file may be on this disk`,
        phrase`Keep the runs on another disk, with --runs-dir.`,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new UserError(
        "write-not-permitted",
        phrase`${path} may not be written`,
        phrase`Change the permissions of its folder, or keep the runs in another, with --runs-dir.`,
      );
    case "EISDIR":
      return new UserError(
        "folder-in-place-of-file",
        phrase`${path} is a folder in the place of a file`,
        phrase`Delete the folder.`,
      );
    default:
      return error;
  }
}

/** Whether an error means that the disk is full, so that the operation can be repeated once there is space. */
export const isDiskFull = (error: unknown): boolean => error instanceof UserError && error.code === "disk-full";

/**
 * Opens a new temporary file for writing; the caller renames it later. Deletes any file at the path first: writing
 * through a symbolic link would change another file.
 */
export function openTemporary(path: string): number {
  rmSync(path, { force: true });
  return openSync(path, "wx");
}

/**
 * Writes a whole file or nothing: writes a temporary file, fsyncs it, renames it, fsyncs the folder.
 * @throws UserError when the disk is full or the folder cannot be written
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
    // A partial temporary file would fill the disk further.
    rmSync(temporary, { force: true });
    throw explainWrite(error, path);
  }
}

/**
 * Makes new and renamed entries of a folder survive a power failure. Does nothing on Windows, where folders cannot be
 * opened and NTFS journals them itself.
 */
export function syncFolder(folder: string): void {
  if (process.platform !== "win32") syncPath(folder, "r");
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Creates a folder and its missing parents, and makes their names survive a power failure. Creates them one by one,
 * because Node's recursive mkdir reports ENOENT for a disk that cannot be written.
 */
export function makeFolder(given: string): void {
  const path = resolve(given);
  const parent = dirname(path);
  if (isFolder(path)) return;
  if (parent !== path) makeFolder(parent);
  // Another process may create it first.
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
  syncFolder(parent);
}

/** Makes a file that other code has written, and its name, survive a power failure. */
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

/**
 * Deletes the temporary files that killed writers have left in a folder. Call it only from the folder's single writer.
 */
export function removeTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.\d+\.tmp$/.test(name)) rmSync(join(folder, name), { force: true });
}
