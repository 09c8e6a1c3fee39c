import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../base/errors.ts";
import { explainWrite, makeFolder, syncFile, writeFileAtomic } from "../base/files/atomicFile.ts";
import { phrase } from "../base/phrase.ts";

/** Codes of a path that leads through something that is no folder. */
const NO_FOLDER = ["ENOTDIR", "EEXIST"];

/**
 * Writes of an export: what a user can act on becomes a UserError that says to choose another place.
 * @throws UserError
 */
export function exporting<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const explained = explainWrite(error, path);
    if (explained instanceof UserError)
      throw explained.withAction(
        phrase`Free some space, or change the permissions, or name another place, and export again.`,
      );
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && NO_FOLDER.includes(code))
      throw new UserError(
        "export-place-taken",
        phrase`${path} cannot be written: ${message}`,
        phrase`Name another folder.`,
      );
    throw error;
  }
}

/** Writes a file of an export with the folders around it: whole, or not at all. @throws UserError */
export function writeExport(path: string, data: string | Uint8Array): void {
  exporting(path, () => {
    makeFolder(dirname(path));
    writeFileAtomic(path, data);
  });
}

/**
 * Writes a file that others may be reading as it grows: where it begins with what is there, the rest is appended.
 * @throws UserError
 */
export function continueExport(path: string, data: Uint8Array): void {
  const before = existsSync(path) ? readFileSync(path) : undefined;
  if (before === undefined || !before.equals(data.subarray(0, before.length))) writeExport(path, data);
  else if (before.length < data.length)
    exporting(path, () => {
      appendFileSync(path, data.subarray(before.length));
      syncFile(path);
    });
}
