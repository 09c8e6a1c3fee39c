import { copyFileSync, existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import type { GitProcess } from "./gitProcess.ts";

export interface SkippedFile { path: string; size: number; reason: string }
const MAX_FILE = 1024 * 1024, MAX_TOTAL = 20 * MAX_FILE;
/** Files that often hold secrets: never captured unless the user tracks them already. */
const SECRET = /^(\.env.*|.*\.pem|.*\.key|.*\.p12|.*\.pfx|id_(rsa|dsa|ecdsa|ed25519).*|\.npmrc|\.netrc|credentials.*)$/i;

/** Names of files that only show what such a file holds. */
const SHOWN = /\.(example|sample|template|dist)$/i;

export const looksSecret = (path: string): boolean => SECRET.test(basename(path)) && !SHOWN.test(path);

function chooseUntracked(paths: string[], top: string): { chosen: string[]; skipped: SkippedFile[] } {
  const chosen: string[] = [], skipped: SkippedFile[] = [];
  let total = 0;
  for (const path of paths) {
    const size = path.endsWith("/") ? 0 : statSync(join(top, path), { throwIfNoEntry: false })?.size;
    if (size === undefined) continue;
    const reason = path.endsWith("/") ? "another repository" : looksSecret(path) ? "may hold a secret" : size > MAX_FILE ? "larger than 1 MB" : total + size > MAX_TOTAL ? "more than 20 MB of untracked files" : undefined;
    if (reason !== undefined) { skipped.push({ path, size, reason }); continue; }
    total += size;
    chosen.push(path);
  }
  return { chosen, skipped };
}

/**
 * Writes the work tree as it is as a git tree, by way of a private index: the user's index, HEAD and files stay untouched.
 * @param index path for the private index; the caller removes it
 */
export async function writeWorkTree(git: GitProcess, index: string): Promise<{ tree: string; skipped: SkippedFile[]; merging: boolean }> {
  const own = await git.line(["rev-parse", "--git-path", "index"]);
  const ownPath = isAbsolute(own) ? own : join(git.folder, own);
  if (existsSync(ownPath)) copyFileSync(ownPath, index);
  const env = { GIT_INDEX_FILE: index };
  const merging = (await git.line(["ls-files", "--unmerged"])) !== "";
  await git.run(["-c", "core.splitIndex=false", "-c", "core.safecrlf=false", "add", "-u", "--", "."], env);
  const untracked = (await git.run(["ls-files", "-o", "--exclude-standard", "-z"])).split("\0").filter((path) => path !== "");
  const { chosen, skipped } = chooseUntracked(untracked, git.folder);
  if (chosen.length > 0) {
    const list = `${index}.paths`;
    writeFileSync(list, chosen.join("\0"));
    try { await git.run(["-c", "core.splitIndex=false", "-c", "core.safecrlf=false", "--literal-pathspecs", "add", `--pathspec-from-file=${list}`, "--pathspec-file-nul"], env); } finally { rmSync(list, { force: true }); }
  }
  return { tree: await git.line(["write-tree"], env), skipped, merging };
}
