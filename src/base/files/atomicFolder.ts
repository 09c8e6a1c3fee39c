import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "./atomicFile.ts";
import { UserError } from "../errors.ts";
import { phrase } from "../phrase.ts";

/** Error codes of a file system that the user can act on. */
const OBSTACLES = ["EACCES", "EDQUOT", "EEXIST", "ENAMETOOLONG", "ENOSPC", "ENOTDIR", "EPERM", "EROFS"];

/**
 * The name of a temporary folder, and the age (ms) after which it is deleted: its process was killed, since filling a
 * folder never takes so long.
 */
const LEFT = /^\.adept-new-[0-9a-f]{8}$/;
const LONG_AGO = 24 * 3600 * 1000;

function clear(parent: string): void {
  for (const name of readdirSync(parent).filter((each) => LEFT.test(each))) {
    const path = join(parent, name);
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry?.isDirectory() === true && Date.now() - entry.mtimeMs > LONG_AGO)
      rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Fills a new folder atomically: it exists complete, or not at all.
 * @param force replace a folder that exists already; without it that is an error
 * @throws UserError where the path is taken, or cannot be written
 */
export function writeFolderAtomic(target: string, force: boolean, fill: (folder: string) => void): void {
  const path = resolve(target);
  const parent = dirname(path);
  const temporary = join(parent, `.adept-new-${randomBytes(4).toString("hex")}`);
  let made = false;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === false)
      throw new UserError(
        "output-is-file",
        phrase`${path} is a file`,
        phrase`Choose a folder that does not exist yet.`,
      );
    if (there !== undefined && readdirSync(path).length > 0 && !force)
      throw new UserError(
        "output-exists",
        phrase`${path} is there already`,
        phrase`Choose another folder with --out, or add --force to replace it.`,
      );
    makeFolder(parent);
    clear(parent);
    // Not by mkdtemp, which denies every other user access to the folder.
    mkdirSync(temporary);
    made = true;
    fill(temporary);
    if (there !== undefined) rmSync(path, { recursive: true });
    renameSync(temporary, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && OBSTACLES.includes(code))
      throw new UserError(
        "output-not-writable",
        phrase`${path} cannot be written: ${message}`,
        phrase`Choose another folder.`,
      );
    throw error;
  } finally {
    if (made) rmSync(temporary, { recursive: true, force: true });
  }
}
