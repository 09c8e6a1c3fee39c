import { simpleGit, type SimpleGit } from "simple-git";
import { UserError } from "../../base/errors.ts";

/** Names simple-git refuses to pass on, or that would point git at another repository or open an editor. */
const LEFT_OUT = /^(GIT_|SSH_ASKPASS|EDITOR$|VISUAL$|PAGER$|PREFIX$)/;

function environment(extra: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (e): e is [string, string] => e[1] !== undefined && !LEFT_OUT.test(e[0]),
  );
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...extra };
}

/** A local command that says nothing for so long hangs. */
const SILENT_MS = 120_000;

/**
 * A project's own hooks are for its own commits: they would see, or refuse, refs and indexes that are none of theirs. A
 * message is JSON, whatever encoding the project writes in. What a journal tells of must be there after a power cut:
 * git itself syncs no loose object and no ref.
 */
const OWN = [
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsync=committed,reference",
  "-c",
  "i18n.commitEncoding=UTF-8",
  "-c",
  "i18n.logOutputEncoding=UTF-8",
];

/** Names this store sets itself. */
const ALLOWED = [
  "GIT_OPTIONAL_LOCKS",
  "GIT_TERMINAL_PROMPT",
  "GIT_INDEX_FILE",
  "GIT_AUTHOR_NAME",
  "GIT_AUTHOR_EMAIL",
  "GIT_COMMITTER_NAME",
  "GIT_COMMITTER_EMAIL",
];

/** What the system lets git not do; of a remote that says no, more is to be said. */
const REFUSED = /read-only file system|permission denied(?! \()/i;

/** git's own words where a repository may not be written. */
async function explained(output: Promise<string>): Promise<string> {
  try {
    return await output;
  } catch (error) {
    const { message } = error as Error;
    throw REFUSED.test(message)
      ? new UserError(message.trim(), "Change the permissions of the repository's folder, .git.")
      : error;
  }
}

/** Runs git plumbing in one folder. */
export class GitProcess {
  /** @param silent ms after which a local command that says nothing is ended */
  constructor(
    readonly folder: string,
    private readonly silent = SILENT_MS,
  ) {}

  /** The same git in another folder. */
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
      // Without this a command that fails silently would count as done.
      errors: (error: Buffer | Error | undefined, result: { exitCode: number; stdErr: Buffer[] }) =>
        error ??
        (result.exitCode === 0
          ? undefined
          : Buffer.from(Buffer.concat(result.stdErr).toString() || `git ended with code ${result.exitCode}`)),
    };
    return simpleGit(options).env(environment(extra));
  }

  /** Standard output of one git command. @throws the error with git's own words */
  run(args: string[], extra: Record<string, string> = {}): Promise<string> {
    return explained(this.client(extra).raw([...OWN, ...args]));
  }

  /** As run, with something on its standard input. */
  runWithInput(args: string[], input: string, extra: Record<string, string> = {}): Promise<string> {
    return explained(this.client(extra, { input }).raw([...OWN, ...args]));
  }

  /**
   * A command that talks to a remote, which may be silent for as long as it takes. Hooks run: LFS sends its files by
   * one.
   * @param signal ends it
   */
  remote(args: string[], signal?: AbortSignal): Promise<string> {
    return this.client({}, { patient: true, ...(signal !== undefined && { signal }) }).raw(args);
  }

  /** A blob's bytes, as they are. */
  blobBytes(object: string): Promise<Buffer> {
    return this.client({}).binaryCatFile(["blob", "--end-of-options", object]) as Promise<Buffer>;
  }

  /** As run, without the last newline. */
  async line(args: string[], extra: Record<string, string> = {}): Promise<string> {
    return (await this.run(args, extra)).replace(/\n$/, "");
  }

  /** The output, or undefined where git says no. */
  async lineOrUndefined(args: string[], extra: Record<string, string> = {}): Promise<string | undefined> {
    try {
      return await this.line(args, extra);
    } catch {
      return undefined;
    }
  }
}
