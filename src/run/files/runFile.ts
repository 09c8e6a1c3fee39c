import { closeSync, constants, lstatSync, openSync, writeFileSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { explainWrite } from "../../base/files/atomicFile.ts";
import { phrase } from "../../base/phrase.ts";

/** Windows has no such flag; creating links needs special rights there. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;
const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } = constants;

const FLAGS = {
  append: O_RDWR | O_APPEND | O_CREAT,
  extend: O_RDWR | O_APPEND,
  replace: O_WRONLY | O_TRUNC | O_CREAT,
};

/**
 * Opens a file of a run for writing. A run's folder can come with somebody's repository, and writing through a symbolic
 * link in it would change a file elsewhere.
 * @param how "append" creates a missing file; "extend" appends to a file that exists, else throws ENOENT
 * @throws UserError naming the link, or when the file cannot be written or the disk is full
 */
export function openRunFile(path: string, how: keyof typeof FLAGS): number {
  try {
    return openSync(path, FLAGS[how] | NO_LINK, 0o666);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw explainWrite(error, path);
    throw new UserError(
      "run-file-is-link",
      phrase`${path} is a symbolic link: a run's files must not be links`,
      phrase`Delete the run's folder, or put a file in the link's place.`,
    );
  }
}

/**
 * Replaces the content of a file of a run.
 * @throws UserError when the file is a symbolic link or cannot be written, or the disk is full
 */
export function writeRunFile(path: string, data: string | Uint8Array): void {
  const fd = openRunFile(path, "replace");
  try {
    writeFileSync(fd, data);
  } catch (error) {
    throw explainWrite(error, path);
  } finally {
    closeSync(fd);
  }
}

/**
 * Call it before writing into a run's folders.
 * @throws UserError when one of them is a symbolic link, so that its files would be written elsewhere
 */
export function refuseLinkedFolders(paths: readonly string[]): void {
  for (const path of paths)
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new UserError(
        "run-folder-is-link",
        phrase`${path} is a symbolic link: a run's folders must not be links`,
        phrase`Delete the run, or put a folder in the link's place.`,
      );
}
