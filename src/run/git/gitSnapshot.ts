import { copyFileSync, existsSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { explainWrite } from "../../base/files/atomicFile.ts";
import type { GitProcess } from "./gitProcess.ts";
import { entryAt } from "./occupant.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { saysFileGone, saysFilterFailed } from "./gitWords.ts";

/** An untracked file that a snapshot does not contain. */
export interface SkippedFile {
  path: string;
  /** Its size in bytes. */
  size: number;
  /** Why it was left out. */
  reason: Phrase;
}
/** The largest file, and the most bytes together, that a commit gets beside the files that the user tracks. */
export const MAX_FILE = 1024 * 1024;
export const MAX_TOTAL = 20 * MAX_FILE;
/** Names of files that often hold secrets: a snapshot contains them only if the user tracks them. */
const SECRET =
  /^(\.env.*|.*\.pem|.*\.key|.*\.p12|.*\.pfx|id_(rsa|dsa|ecdsa|ed25519).*|\.npmrc|\.netrc|credentials.*)$/i;

/** Names of files that only show the form of such a file. */
const SHOWN = /\.(example|sample|template|dist)$/i;

/** Whether a file's name suggests that it holds a secret. */
export const looksSecret = (path: string): boolean => SECRET.test(basename(path)) && !SHOWN.test(path);

/** Why an untracked file is left out. The first rule that applies counts; `total`: bytes of the files chosen so far. */
const SKIP_RULES: readonly { reason: Phrase; applies: (path: string, size: number, total: number) => boolean }[] = [
  { reason: phrase`another repository`, applies: (path) => path.endsWith("/") },
  { reason: phrase`may hold a secret`, applies: (path) => looksSecret(path) },
  { reason: phrase`larger than 1 MB`, applies: (_, size) => size > MAX_FILE },
  { reason: phrase`more than 20 MB of untracked files`, applies: (_, size, total) => total + size > MAX_TOTAL },
];

function chooseUntracked(paths: string[], top: string): { chosen: string[]; skipped: SkippedFile[] } {
  const chosen: string[] = [];
  const skipped: SkippedFile[] = [];
  let total = 0;
  for (const path of paths) {
    const size = path.endsWith("/") ? 0 : statSync(join(top, path), { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      // A path with replacement characters is not the file's real name. Any other file has been deleted meanwhile.
      if (path.includes("\uFFFD")) skipped.push({ path, size: 0, reason: phrase`its name is not UTF-8` });
      continue;
    }
    const reason = SKIP_RULES.find(({ applies }) => applies(path, size, total))?.reason;
    if (reason !== undefined) {
      skipped.push({ path, size, reason });
      continue;
    }
    total += size;
    chosen.push(path);
  }
  return { chosen, skipped };
}

/** The private index has no other reader, so it need not be split. Warnings about line ends are of no use here. */
const ADD = ["-c", "core.splitIndex=false", "-c", "core.safecrlf=false"];
const TRIES = 5;
const split = (text: string): string[] => text.split("\0").filter((path) => path !== "");

/**
 * Adds files to the private index. A file with a filter (such as Git LFS) is left out if the filter is not installed.
 */
class IndexWriter {
  readonly skipped: SkippedFile[] = [];
  private readonly env: Record<string, string>;

  constructor(
    private readonly git: GitProcess,
    private readonly index: string,
  ) {
    this.env = { GIT_INDEX_FILE: index };
  }

  /** Adds the changes of tracked files. */
  async tracked(): Promise<void> {
    await this.unfiltered(
      () => this.git.run([...ADD, "add", "-u", "--", "."], this.env),
      async () => split(await this.git.run(["diff-files", "--name-only", "-z"], this.env)),
      ["-u"],
    );
  }

  async untracked(paths: readonly string[]): Promise<void> {
    await this.unfiltered(
      () => this.add(paths, []),
      () => Promise.resolve(paths),
      [],
    );
  }

  /**
   * Adds files, and leaves out those that were deleted meanwhile, as leases and editors' temporary files often are:
   * because of one missing file git would add none.
   */
  private async add(paths: readonly string[], options: readonly string[]): Promise<void> {
    const list = `${this.index}.paths`;
    for (let attempt = 1; paths.length > 0; attempt++) {
      writeFileSync(list, paths.join("\0"));
      try {
        await this.git.run(
          [...ADD, "--literal-pathspecs", "add", ...options, `--pathspec-from-file=${list}`, "--pathspec-file-nul"],
          this.env,
        );
        return;
      } catch (error) {
        const left =
          options.length > 0 ? paths : paths.filter((path) => entryAt(join(this.git.folder, path)) !== undefined);
        if (attempt === TRIES || left.length === paths.length || !saysFileGone(error)) throw error;
        paths = left;
      } finally {
        rmSync(list, { force: true });
      }
    }
  }

  /** Adds all files at once. If a filter fails, adds those without a filter. */
  private async unfiltered(
    all: () => Promise<unknown>,
    listed: () => Promise<readonly string[]>,
    options: readonly string[],
  ): Promise<void> {
    try {
      await all();
    } catch (error) {
      if (!saysFilterFailed(error)) throw error;
      const paths = await listed();
      const filters = split(
        await this.git.runWithInput(
          ["check-attr", "-z", "--stdin", "filter"],
          paths.map((path) => `${path}\0`).join(""),
        ),
      );
      const filterOf = new Map(paths.map((_, at) => [filters[3 * at]!, filters[3 * at + 2]!]));
      const isPlain = (path: string): boolean => ["unspecified", "unset"].includes(filterOf.get(path) ?? "unset");
      for (const path of paths)
        if (!isPlain(path))
          this.skipped.push({
            path,
            size: 0,
            reason: phrase`its filter ${filterOf.get(path)!} fails: is it installed?`,
          });
      await this.add(paths.filter(isPlain), options);
    }
  }
}

/**
 * Copies an index with its modification time. git assumes that a file is unchanged if size and time are as in the
 * index, but looks into files that are as new as the index itself, since they may have changed within the same second.
 * With a newer time the copy would hide such changes.
 */
function copyIndex(from: string, to: string): void {
  const second = Math.floor(statSync(from).mtimeMs / 1000);
  try {
    copyFileSync(from, to);
  } catch (error) {
    throw explainWrite(error, to);
  }
  utimesSync(to, second, second);
}

/**
 * Writes the present work tree as a git tree by means of a private index. The user's index, HEAD and files do not
 * change.
 * @param index path for the private index; the caller deletes it
 * @returns the tree, the untracked files left out, and whether a merge is in progress
 */
export async function writeWorkTree(
  git: GitProcess,
  index: string,
): Promise<{ tree: string; skipped: SkippedFile[]; merging: boolean }> {
  const own = await git.line(["rev-parse", "--git-path", "index"]);
  const ownPath = isAbsolute(own) ? own : join(git.folder, own);
  if (existsSync(ownPath)) copyIndex(ownPath, index);
  const env = { GIT_INDEX_FILE: index };
  const writer = new IndexWriter(git, index);
  const merging = (await git.line(["ls-files", "--unmerged"])) !== "";
  await writer.tracked();
  const { chosen, skipped } = chooseUntracked(
    split(await git.run(["ls-files", "-o", "--exclude-standard", "-z"])),
    git.folder,
  );
  await writer.untracked(chosen);
  return { tree: await git.line(["write-tree"], env), skipped: [...skipped, ...writer.skipped], merging };
}
