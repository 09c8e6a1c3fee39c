import { closeSync, constants, lstatSync, openSync, writeFileSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { explainWrite } from "../../base/files/atomicFile.ts";

/** Windows knows no such flag; links need rights of their own there. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;
const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } = constants;

/**
 * Opens a file of a run to be written to. Folders of runs come with repositories too: a link in the place of a run's
 * file would have somebody else's file written to.
 * @throws UserError naming the link, or when the folder may not be written or the disk is full
 */
export function openRunFile(path: string, how: "append" | "replace"): number {
  try {
    return openSync(path, (how === "append" ? O_RDWR | O_APPEND : O_WRONLY | O_TRUNC) | O_CREAT | NO_LINK, 0o666);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw explainWrite(error, path);
    throw new UserError(
      `${path} is a link: a run's own files are none`,
      "Delete the run's folder, or put a file in the link's place.",
    );
  }
}

/** Writes a file of a run. @throws UserError as `openOwn` */
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

/** @throws UserError where one of a run's folders is a link, so that its files would be written elsewhere */
export function refuseLinkedFolders(paths: readonly string[]): void {
  for (const path of paths)
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new UserError(
        `${path} is a link: a run's own folders are none`,
        "Delete the run, or put a folder in the link's place.",
      );
}
