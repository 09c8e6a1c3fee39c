import { simpleGit, type SimpleGit } from "simple-git";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { blobBatch } from "./blobBatch.ts";
import { saysNotPermitted } from "./gitWords.ts";

/**
 * Environment variables that simple-git refuses, that would point git at another repository, or that open an editor.
 */
const LEFT_OUT = /^(GIT_|SSH_ASKPASS|EDITOR$|VISUAL$|PAGER$|PREFIX$)/;

function environment(extra: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (e): e is [string, string] => e[1] !== undefined && !LEFT_OUT.test(e[0]),
  );
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...extra };
}

/** A local command without output for this long (ms) is considered hung. */
const SILENT_MS = 120_000;

/**
 * Settings of every local command. No hooks: the project's hooks are for its own commits, and would see or refuse our
 * refs and indexes. UTF-8: commit messages hold JSON, whatever encoding the project uses. fsync: commits that a journal
 * names must survive a power failure, and git by default syncs neither loose objects nor refs.
 */
const OWN_SETTINGS = [
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsync=committed,reference",
  "-c",
  "i18n.commitEncoding=UTF-8",
  "-c",
  "i18n.logOutputEncoding=UTF-8",
];

/** Environment variables that this class sets itself, which simple-git must allow. */
const ALLOWED = [
  "GIT_OPTIONAL_LOCKS",
  "GIT_TERMINAL_PROMPT",
  "GIT_INDEX_FILE",
  "GIT_AUTHOR_NAME",
  "GIT_AUTHOR_EMAIL",
  "GIT_COMMITTER_NAME",
  "GIT_COMMITTER_EMAIL",
];

/** Turns git's error about a repository that cannot be written into a UserError. */
async function explained(output: Promise<string>): Promise<string> {
  try {
    return await output;
  } catch (error) {
    throw saysNotPermitted(error)
      ? new UserError(
          "git-not-permitted",
          phrase`${(error as Error).message.trim()}`,
          phrase`Change the permissions of the repository's folder, .git.`,
        )
      : error;
  }
}

/** Runs git plumbing commands in one folder. */
export class GitProcess {
  /**
   * @param folder the working folder
   * @param silent a local command without output for this long (ms) is killed
   */
  constructor(
    readonly folder: string,
    private readonly silent = SILENT_MS,
  ) {}

  /** Returns an object that runs the same git in another folder. */
  at(folder: string): GitProcess {
    return new GitProcess(folder, this.silent);
  }

  private client(
    extra: Record<string, string>,
    how: { input?: string; signal?: AbortSignal; patient?: boolean } = {},
  ): SimpleGit {
    const { input, signal } = how;
    const options = {
      baseDir: this.folder,
      maxConcurrentProcesses: 4,
      timeout: { block: how.patient === true ? 0 : this.silent },
      trimmed: false,
      allowEnvironment: ALLOWED,
      unsafe: { allowUnsafeHooksPath: true },
      ...(input !== undefined && { input: () => input }),
      ...(signal !== undefined && { abort: signal }),
      // Without this, simple-git treats a command that fails without output as successful.
      errors: (error: Buffer | Error | undefined, result: { exitCode: number; stdErr: Buffer[] }) =>
        error ??
        (result.exitCode === 0
          ? undefined
          : Buffer.from(Buffer.concat(result.stdErr).toString() || `git ended with code ${result.exitCode}`)),
    };
    return simpleGit(options).env(environment(extra));
  }

  /**
   * Runs a git command and returns its standard output.
   * @param extra environment variables
   * @throws an Error with git's error output
   */
  run(args: string[], extra: Record<string, string> = {}): Promise<string> {
    return explained(this.client(extra).raw([...OWN_SETTINGS, ...args]));
  }

  /**
   * Runs a git command with the given standard input and returns its standard output.
   * @throws an Error with git's error output
   */
  runWithInput(args: string[], input: string, extra: Record<string, string> = {}): Promise<string> {
    return explained(this.client(extra, { input }).raw([...OWN_SETTINGS, ...args]));
  }

  /**
   * Runs a git command that talks to a remote. It has no time limit, and hooks run, because Git LFS uploads its files
   * in one.
   * @param signal kills the command
   */
  remote(args: string[], signal?: AbortSignal): Promise<string> {
    return this.client({}, { patient: true, ...(signal !== undefined && { signal }) }).raw(args);
  }

  /** Returns the bytes of a blob, unchanged. */
  async blobBytes(object: string): Promise<Buffer> {
    return (await this.blobs([object]))[0]!;
  }

  /**
   * Returns the bytes of blobs, unchanged, by a single process.
   * @throws Error where one is missing
   */
  async blobs(objects: readonly string[]): Promise<Buffer[]> {
    if (objects.length === 0) return [];
    const client = this.client({}, { input: objects.map((object) => `${object}\n`).join("") });
    return blobBatch((await client.binaryCatFile(["--batch"])) as Buffer, objects);
  }

  /**
   * Runs a git command and returns its standard output without the last newline.
   * @throws an Error with git's error output
   */
  async line(args: string[], extra: Record<string, string> = {}): Promise<string> {
    return (await this.run(args, extra)).replace(/\n$/, "");
  }

  /** Like `line`, but returns undefined if the command fails. */
  async lineOrUndefined(args: string[], extra: Record<string, string> = {}): Promise<string | undefined> {
    try {
      return await this.line(args, extra);
    } catch {
      return undefined;
    }
  }
}
