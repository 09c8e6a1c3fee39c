import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listRuns } from "../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";

const DIST = resolve(import.meta.dirname, "../../dist");
export const CLI = join(DIST, "cli.js");
export const WORKER = join(DIST, "worker.js");
const WINDOW = join(import.meta.dirname, "window.cjs");
export const env = {
  ...process.env,
  ADEPT_DEVICES: "cpu",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b",
};

const METHODS = {
  adept: { kind: "adept", promptLength: 3, bottleneck: 2, dropout: 0.1 },
  pt: { kind: "pt", promptLength: 3 },
  lora: { kind: "lora", rank: 1 },
};
export type Variant = keyof typeof METHODS;
export const VARIANTS = Object.keys(METHODS) as Variant[];
export const STEPS = 12;

export interface Said {
  status: number;
  stdout: string;
  stderr: string;
}

/** A project with data, an experiment and a repository, so small that a run takes a second. */
export class Workspace {
  constructor(
    readonly folder: string,
    readonly runsDir = join(folder, ".adept/runs"),
  ) {}

  static make(variant: Variant, parent = tmpdir()): Workspace {
    const place = new Workspace(mkdtempSync(join(parent, "adept-campaign-")));
    const { folder } = place;
    const words = ["river", "stone", "light", "paper", "green", "seven"];
    writeFileSync(
      join(folder, "data.jsonl"),
      Array.from({ length: 24 }, (_, i) =>
        JSON.stringify({
          text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`,
          label: i % 2 === 0 ? "yes" : "no",
        }),
      ).join("\n"),
    );
    writeFileSync(
      join(folder, "words.adept.json"),
      JSON.stringify({
        name: variant,
        task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
        method: METHODS[variant],
        training: { steps: STEPS, batchSize: 2, evaluateEvery: 4, checkpointEvery: 1, maxTargetLength: 3, warmup: 3 },
        engine: { device: "cpu", threads: 1 },
        analyses: variant === "adept" ? ["stability"] : [],
      }),
    );
    mkdirSync(join(folder, "code"));
    writeFileSync(join(folder, "code/a.py"), "one\n");
    place.git("init", "-q", "--initial-branch=main");
    place.git("add", "-A");
    place.git("commit", "-qm", "base");
    writeFileSync(join(folder, "code/a.py"), "edited\n");
    return place;
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Returns the bytes of a file in a commit. */
  bytes(name: string): Buffer {
    return execFileSync("git", ["cat-file", "blob", name], { cwd: this.folder, env });
  }

  /** Describes the user's part of the repository, which no run may change. */
  own(): string {
    return JSON.stringify([
      readFileSync(join(this.folder, ".git/index"), "base64"),
      readFileSync(join(this.folder, ".git/HEAD"), "utf8"),
      this.git("for-each-ref", "refs/heads"),
      this.git("--no-optional-locks", "status", "--porcelain"),
      readFileSync(join(this.folder, "code/a.py"), "utf8"),
    ]);
  }

  adept(...args: string[]): Promise<Said> {
    return new Promise((done) => {
      execFile(
        process.execPath,
        [CLI, ...args],
        { cwd: this.folder, env, maxBuffer: 1 << 26, timeout: 180_000 },
        (error, stdout, stderr) => {
          const failure = typeof error?.code === "number" ? error.code : -1;
          done({ status: error === null ? 0 : failure, stdout, stderr });
        },
      );
    });
  }

  start(what: "cli" | "window" | "worker", ...args: string[]): ChildProcess {
    const script = { cli: CLI, window: WINDOW, worker: WORKER }[what];
    return spawn(process.execPath, [script, ...args], { cwd: this.folder, env, stdio: "ignore", detached: true });
  }

  get run(): RunDirectory | undefined {
    return listRuns(this.runsDir)[0];
  }

  /** Returns the ids of the processes that work in the folder. */
  processes(): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(Number)
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/cwd`).startsWith(this.folder);
        } catch {
          return false;
        }
      });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Waits for a condition.
 * @returns false if it is not met in time
 */
export async function until(condition: () => boolean, patience = 120_000): Promise<boolean> {
  for (const end = performance.now() + patience; !condition(); await pause(4))
    if (performance.now() > end) return false;
  return true;
}

/** Waits for the end of a child process. */
export const ended = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done();
    else
      child.once("exit", () => {
        done();
      });
  });

export function kill(pid: number | undefined, whole = false): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(whole ? -pid : pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
