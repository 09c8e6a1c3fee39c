import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../experiment/errors.ts";

/** Turns "no space left" into words the user can act on; any other error stays as it is. */
export function explainFull(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException | undefined)?.code !== "ENOSPC") return error;
  return new UserError(`The disk is full: ${path} could not be written`, "Free some space, then resume the run.");
}

/** Writes a whole file or nothing: temporary file, fsync, rename, fsync of the folder. @throws UserError when the disk is full */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(temporary, "w");
    try { writeFileSync(fd, data); fsyncSync(fd); } finally { closeSync(fd); }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) { throw explainFull(error, path); }
}

/** Makes a rename survive a power cut; folders cannot be opened on Windows, where NTFS journals them itself. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(folder, "r");
  try { fsyncSync(fd); } finally { closeSync(fd); }
}
