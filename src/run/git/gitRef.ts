import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import type { GitProcess } from "./gitProcess.ts";
import { objectId } from "./objectId.ts";

/**
 * git holds a ref's lock for milliseconds: one of such an age (ms) is left by a git that was killed. Only run refs are
 * ours to unlock.
 */
const STALE = 4000;
const TRIES = 40;

/** Where a ref goes, and what it must name before; undefined: nothing. `folder`: the repository's common one. */
export interface RefMove {
  folder: string;
  ref: string;
  commit: string;
  before: string | undefined;
}

/**
 * Moves a ref, if it names what it should. Waits while another git holds it.
 * @throws what git says where it names something else
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
      if (
        attempt === TRIES ||
        error instanceof UserError ||
        !/unable to create|cannot lock ref.*File exists/is.test((error as Error).message)
      )
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200));
      const locked = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
      if (locked !== undefined && Math.abs(Date.now() - locked) > STALE) rmSync(lock, { force: true });
    }
  }
}
