import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import type { GitProcess } from "./gitProcess.ts";
import { saysRefLocked } from "./gitWords.ts";
import { objectId } from "./objectId.ts";

/**
 * git holds the lock of a ref for milliseconds. A lock that is older than this (ms) was left by a killed git and is
 * deleted; this is done only for the refs of runs.
 */
const STALE = 4000;
const TRIES = 40;

/** A change of a ref. */
export interface RefMove {
  /** The repository's common .git folder. */
  folder: string;
  ref: string;
  /** The commit that the ref will name. */
  commit: string;
  /** The commit that the ref must name before; undefined if it must not exist. */
  before: string | undefined;
}

/**
 * Changes a ref, if it names what it should. Waits while another git holds the ref's lock.
 * @throws git's error when the ref names another commit or stays locked
 */
export async function moveRef(git: GitProcess, { folder, ref, commit, before }: RefMove): Promise<void> {
  const old = before ?? "0".repeat(commit.length);
  const lock = join(folder, `${ref}.lock`);
  for (let attempt = 1; ; attempt++) {
    try {
      await git.run([
        "update-ref",
        "--create-reflog",
        "-m",
        "adept run",
        "--end-of-options",
        ref,
        objectId(commit),
        objectId(old),
      ]);
      return;
    } catch (error) {
      if (attempt === TRIES || error instanceof UserError || !saysRefLocked(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200));
      const locked = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
      if (locked !== undefined && Math.abs(Date.now() - locked) > STALE) rmSync(lock, { force: true });
    }
  }
}
