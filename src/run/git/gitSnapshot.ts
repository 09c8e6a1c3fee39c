import { copyFileSync, existsSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { explainWrite } from "../../base/files/atomicFile.ts";
import type { GitProcess } from "./gitProcess.ts";
import { entryAt } from "./occupant.ts";

export interface SkippedFile {
  path: string;
  size: number;
  reason: string;
}
const MAX_FILE = 1024 * 1024;
const MAX_TOTAL = 20 * MAX_FILE;
/** Files that often hold secrets: never captured unless the user tracks them already. */
const SECRET =
  /^(\.env.*|.*\.pem|.*\.key|.*\.p12|.*\.pfx|id_(rsa|dsa|ecdsa|ed25519).*|\.npmrc|\.netrc|credentials.*)$/i;

/** Names of files that only show what such a file holds. */
const SHOWN = /\.(example|sample|template|dist)$/i;

export const looksSecret = (path: string): boolean => SECRET.test(basename(path)) && !SHOWN.test(path);

function chooseUntracked(paths: string[], top: string): { chosen: string[]; skipped: SkippedFile[] } {
  const chosen: string[] = [];
  const skipped: SkippedFile[] = [];
  let total = 0;
  for (const path of paths) {
    const size = path.endsWith("/") ? 0 : statSync(join(top, path), { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      // A name that came with signs for what could not be read is not the file's own; any other file is gone meanwhile.
      if (path.includes("\uFFFD")) skipped.push({ path, size: 0, reason: "its name is not UTF-8" });
      continue;
    }
    const reason = path.endsWith("/")
      ? "another repository"
      : looksSecret(path)
        ? "may hold a secret"
        : size > MAX_FILE
          ? "larger than 1 MB"
          : total + size > MAX_TOTAL
            ? "more than 20 MB of untracked files"
            : undefined;
    if (reason !== undefined) {
      skipped.push({ path, size, reason });
      continue;
    }
    total += size;
    chosen.push(path);
  }
  return { chosen, skipped };
}

/** The index is nobody else's, so that it need not be split; line ends that git would warn of are no trouble. */
const ADD = ["-c", "core.splitIndex=false", "-c", "core.safecrlf=false"];
/** What git says of a file that is no longer there. */
const GONE = /did not match any files|No such file or directory|unable to stat/i;
const TRIES = 5;
const split = (text: string): string[] => text.split("\0").filter((path) => path !== "");

/** Adds files by a filter of the repository's (LFS) only where it is installed. */
class Adder {
  readonly skipped: SkippedFile[] = [];
  private readonly env: Record<string, string>;

  constructor(
    private readonly git: GitProcess,
    private readonly index: string,
  ) {
    this.env = { GIT_INDEX_FILE: index };
  }

  /** What changed of the files that git knows. */
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

  /** Files that are gone meanwhile, as leases and editors' own are, are left out: git would add none of them. */
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
        if (attempt === TRIES || left.length === paths.length || !GONE.test((error as Error).message)) throw error;
        paths = left;
      } finally {
        rmSync(list, { force: true });
      }
    }
  }

  /** All at once; where a filter fails, those without one. */
  private async unfiltered(
    all: () => Promise<unknown>,
    listed: () => Promise<readonly string[]>,
    options: readonly string[],
  ): Promise<void> {
    try {
      await all();
    } catch (error) {
      if (!/filter '?.*'? failed/i.test((error as Error).message)) throw error;
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
          this.skipped.push({ path, size: 0, reason: `its filter ${filterOf.get(path)!} fails: is it installed?` });
      await this.add(paths.filter(isPlain), options);
    }
  }
}

/**
 * Copies an index with its time. A file that was changed in the second in which the index was written, to the same
 * size, looks unchanged; git looks into such files by the index's own time, and a copy that seems younger would make it
 * trust them.
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
 * Writes the work tree as it is as a git tree, by way of a private index: the user's index, HEAD and files stay
 * untouched.
 * @param index path for the private index; the caller removes it
 */
export async function writeWorkTree(
  git: GitProcess,
  index: string,
): Promise<{ tree: string; skipped: SkippedFile[]; merging: boolean }> {
  const own = await git.line(["rev-parse", "--git-path", "index"]);
  const ownPath = isAbsolute(own) ? own : join(git.folder, own);
  if (existsSync(ownPath)) copyIndex(ownPath, index);
  const env = { GIT_INDEX_FILE: index };
  const adder = new Adder(git, index);
  const merging = (await git.line(["ls-files", "--unmerged"])) !== "";
  await adder.tracked();
  const { chosen, skipped } = chooseUntracked(
    split(await git.run(["ls-files", "-o", "--exclude-standard", "-z"])),
    git.folder,
  );
  await adder.untracked(chosen);
  return { tree: await git.line(["write-tree"], env), skipped: [...skipped, ...adder.skipped], merging };
}
