import { simpleGit, type SimpleGit } from "simple-git";

/** Names simple-git refuses to pass on, or that would point git at another repository or open an editor. */
const LEFT_OUT = /^(GIT_|SSH_ASKPASS|EDITOR$|VISUAL$|PAGER$|PREFIX$)/;

function environment(extra: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined && !LEFT_OUT.test(e[0]));
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...extra };
}

/** Names this store sets itself. */
const ALLOWED = ["GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT", "GIT_INDEX_FILE", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];

/** Runs git plumbing in one folder. */
export class GitProcess {
  constructor(readonly folder: string) {}

  /** The same git in another folder. */
  at(folder: string): GitProcess { return new GitProcess(folder); }

  private client(extra: Record<string, string>): SimpleGit {
    const options = {
      baseDir: this.folder, maxConcurrentProcesses: 4, timeout: { block: 120_000 }, trimmed: false, allowEnvironment: ALLOWED,
      // Without this a command that fails silently would count as done.
      errors: (error: Buffer | Error | undefined, result: { exitCode: number; stdErr: Buffer[] }) =>
        error ?? (result.exitCode === 0 ? undefined : Buffer.from(Buffer.concat(result.stdErr).toString() || `git ended with code ${result.exitCode}`)),
    };
    return simpleGit(options).env(environment(extra));
  }

  /** Standard output of one git command. @throws the error with git's own words */
  run(args: string[], extra: Record<string, string> = {}): Promise<string> { return this.client(extra).raw(args); }

  /** As run, without the last newline. */
  async line(args: string[], extra: Record<string, string> = {}): Promise<string> { return (await this.run(args, extra)).replace(/\n$/, ""); }

  /** The output, or undefined where git says no. */
  async maybe(args: string[], extra: Record<string, string> = {}): Promise<string | undefined> {
    try { return await this.line(args, extra); } catch { return undefined; }
  }
}
