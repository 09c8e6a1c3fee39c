import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";

export const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, encoding: "utf8", env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" } });

/**
 * Makes a user's folder whose name needs quoting: a repository with a commit, a staged file, an edited file, a new
 * file, and an experiment on the mail sample.
 */
export function makeWorkspace(steps: number): string {
  const folder = mkdtempSync(join(tmpdir(), "adept wörk: space 好-"));
  mkdirSync(join(folder, ".vscode"));
  writeFileSync(join(folder, ".vscode/settings.json"), "{}\n");
  writeFileSync(join(folder, "notes.md"), "# Notes\n");
  writeFileSync(join(folder, "mail.adept.json"), `${JSON.stringify(mailExperiment(steps), undefined, 2)}\n`);
  git(folder, "init", "--quiet", "--initial-branch=main");
  git(folder, "config", "user.name", "Test");
  git(folder, "config", "user.email", "test@localhost");
  git(folder, "add", ".");
  git(folder, "commit", "--quiet", "-m", "Start");
  writeFileSync(join(folder, "staged.txt"), "staged\n");
  git(folder, "add", "staged.txt");
  writeFileSync(join(folder, "notes.md"), "# Notes\nedited\n");
  writeFileSync(join(folder, "new.txt"), "new\n");
  return folder;
}

function mailExperiment(steps: number): object {
  return {
    name: "Mail in the window",
    task: { kind: "mail", maxBodyCharacters: 150 },
    method: { kind: "adept", promptLength: 8, bottleneck: 8 },
    training: {
      steps,
      batchSize: 16,
      maxSourceLength: 32,
      maxTargetLength: 4,
      warmup: 5,
      evaluateEvery: Math.ceil(steps / 3),
      checkpointEvery: 20,
      validationLimit: 40,
      testLimit: 60,
    },
    engine: { threads: 1 },
  };
}

/** Returns what a run must not change: HEAD and branches, the index byte for byte, the status, the files. */
export function gitState(folder: string): object {
  const digest = (file: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex");
  return {
    head: git(folder, "rev-parse", "HEAD", "--symbolic-full-name", "HEAD"),
    branches: git(folder, "for-each-ref", "refs/heads", "refs/stash"),
    index: digest(".git/index"),
    status: git(folder, "status", "--porcelain=v2", "--untracked-files=all"),
    files: ["notes.md", "staged.txt", "new.txt", "mail.adept.json"].map(digest),
  };
}

export function runPaths(folder: string): string[] {
  try {
    return readdirSync(join(folder, ".adept/runs"))
      .sort()
      .map((id) => join(folder, ".adept/runs", id));
  } catch {
    return [];
  }
}

/** Returns the records of all runs in a folder, oldest first. */
export const records = (folder: string): RunRecord[] =>
  runPaths(folder).map((path) => foldEvents(readJournal(path).events));

/** Returns the record of the newest run, and its path. */
export function newest(folder: string): RunRecord & { path: string } {
  const path = runPaths(folder).at(-1);
  if (path === undefined) throw new Error("no run yet");
  return { ...foldEvents(readJournal(path).events), path };
}

export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Pauses a worker while the test does something in its window, so that even a short training lasts long enough on any
 * machine. A signal that is sent to the worker meanwhile reaches it afterwards.
 */
export async function whilePaused(pid: number | undefined, work: () => Promise<void>): Promise<void> {
  if (pid === undefined) throw new Error("no worker to pause");
  process.kill(pid, "SIGSTOP");
  try {
    await work();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
