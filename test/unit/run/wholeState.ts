import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { env } from "./repository.ts";

/** What a run may add: objects, its refs and their logs, its private indexes. */
const OURS = /^(objects|adept|refs\/adept|logs\/refs\/adept)(\/|$)/;
/** Folders that git creates with the first log. */
const LOGS = /^logs(\/refs)?$/;

function* below(folder: Buffer, inner = Buffer.alloc(0)): Generator<Buffer> {
  for (const name of readdirSync(folder, "buffer")) {
    const path = Buffer.concat([folder, Buffer.from("/"), name]);
    const own = inner.length === 0 ? name : Buffer.concat([inner, Buffer.from("/"), name]);
    if (OURS.test(own.toString())) continue;
    if (LOGS.test(own.toString())) {
      yield* below(path, own);
      continue;
    }
    if (lstatSync(path).isDirectory()) {
      yield own;
      yield* below(path, own);
    } else yield own;
  }
}

/** Lists every file of a folder with kind, mode, time and content. */
function filesOf(folder: string, isLeftOut: (path: string) => boolean = () => false): string[] {
  return [...below(Buffer.from(folder))]
    .filter((inner) => !isLeftOut(inner.toString()))
    .map((inner) => {
      const path = Buffer.concat([Buffer.from(`${folder}/`), inner]);
      const entry = lstatSync(path);
      // git touches a shared index on every read.
      const time = inner.toString().startsWith("sharedindex.") ? 0 : entry.mtimeMs;
      if (entry.isDirectory()) return `${inner.toString("latin1")} folder ${entry.mode.toString(8)}`;
      return `${inner.toString("latin1")} ${entry.mode.toString(8)} ${time} ${entry.isSymbolicLink() ? readlinkSync(path) : createHash("sha256").update(readFileSync(path)).digest("hex")}`;
    })
    .sort();
}

/**
 * Returns everything of the user's: every file of the repository's own folder and of the work tree with content, mode
 * and time, and git's own view of them.
 */
export function wholeState(
  folder: string,
  gitFolder = join(folder, ".git"),
): { git: string[]; files: string[]; status: string; head: string } {
  const says = (...args: string[]): string => {
    try {
      return execFileSync("git", ["--no-optional-locks", ...args], {
        cwd: folder,
        env,
        encoding: "latin1",
        stdio: ["ignore", "pipe", "pipe"],
      });
    } catch (error) {
      return String((error as { stderr: unknown }).stderr);
    }
  };
  return {
    git: existsSync(gitFolder) ? filesOf(gitFolder) : [],
    files: filesOf(folder, (path) => /(^|\/)\.git(\/|$)/.test(path)),
    status: says("status", "--porcelain=v2", "--branch", "-z"),
    head: says("rev-parse", "HEAD"),
  };
}
