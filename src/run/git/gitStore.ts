import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { RunRecord } from "../../record/record.ts";
import { explainWrite, makeFolder } from "../../base/files/atomicFile.ts";
import { phrase, listed, type Phrase } from "../../base/phrase.ts";
import { UserError } from "../../base/errors.ts";
import { ContentStore } from "../files/contentStore.ts";
import { saysNoIdentity, saysNoRepository, saysRefMoved } from "./gitWords.ts";
import { GitProcess } from "./gitProcess.ts";
import { moveRef } from "./gitRef.ts";
import { addResults, moveOldResults } from "./gitResults.ts";
import { objectId } from "./objectId.ts";
import { writeWorkTree, type SkippedFile } from "./gitSnapshot.ts";

const REFS = "refs/adept/runs";

/** Returns the git ref of a run. */
export const refOf = (id: string): string => `${REFS}/${id}`;

const FALLBACK = {
  GIT_AUTHOR_NAME: "ADePT Lab",
  GIT_AUTHOR_EMAIL: "adept-lab@localhost",
  GIT_COMMITTER_NAME: "ADePT Lab",
  GIT_COMMITTER_EMAIL: "adept-lab@localhost",
};

/** The mode of a submodule's entry in a tree. */
const SUBMODULE = "160000";
/** diff-tree's letters of a file's status; all others are changes. */
const STATUS: Readonly<Record<string, ChangedFile["status"]>> = { A: "added", D: "deleted" };
/** A file that differs between two commits. */
export interface ChangedFile {
  path: string;
  status: "added" | "deleted" | "changed";
  /** Whether the second commit has a submodule there. */
  submodule: boolean;
}
/** A commit made for a run. */
export interface StoredCommit {
  commit: string;
  /** The run's ref, which now names the commit. */
  ref: string;
  /** Remarks for the user, such as files that were left out. */
  note: Phrase | undefined;
}
/** A run as found in the repository. */
export interface StoredRun {
  id: string;
  commit: string;
  /** When it was committed, in seconds since the epoch. */
  committedAt: number;
  /** The JSON in the commit's message; undefined if it cannot be parsed. */
  record: unknown;
}

/** A private index that is older than this (ms) was left by a process that was killed. */
const LONGEST = 24 * 3600 * 1000;

function removeOldIndexes(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (name.startsWith("index-") && changed !== undefined && Date.now() - changed > LONGEST)
      rmSync(path, { force: true });
  }
}

/**
 * Stores runs as commits under refs/adept/runs. Works with plumbing commands on a private index, so that the user's
 * index, HEAD and files do not change.
 */
export class GitStore {
  /** Files that are too large for a commit, by their SHA-256. */
  readonly large: ContentStore;

  constructor(
    readonly git: GitProcess,
    private readonly gitFolder: string,
  ) {
    this.large = new ContentStore(gitFolder);
  }

  /** Calls `work` with the path of a private index, and deletes the index afterwards. */
  async withIndex<T>(work: (index: string) => Promise<T>): Promise<T> {
    const folder = join(this.gitFolder, "adept");
    try {
      makeFolder(folder);
    } catch (error) {
      throw explainWrite(error, folder);
    }
    removeOldIndexes(folder);
    const index = join(folder, `index-${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      return await work(index);
    } finally {
      for (const end of ["", ".lock", ".message"]) rmSync(`${index}${end}`, { force: true });
    }
  }

  private commit(
    tree: string,
    parent: string | undefined,
    record: RunRecord,
    index: string,
  ): Promise<{ commit: string; note: Phrase | undefined }> {
    return this.committed(tree, parent, {
      index,
      message: `adept: ${record.name.replace(/\s+/g, " ")} (${record.id})\n\n${JSON.stringify(record)}\n`,
    });
  }

  /**
   * Commits a tree without changing a ref.
   * @param parent the parent commit, if any
   * @returns the commit
   */
  async commitTree(
    tree: string,
    parent: string | undefined,
    about: { index: string; message: string },
  ): Promise<string> {
    return (await this.committed(tree, parent, about)).commit;
  }

  private async committed(
    tree: string,
    parent: string | undefined,
    about: { index: string; message: string },
  ): Promise<{ commit: string; note: Phrase | undefined }> {
    const message = `${about.index}.message`;
    writeFileSync(message, about.message);
    const args = [
      "commit-tree",
      ...(parent === undefined ? [] : ["-p", objectId(parent)]),
      "-F",
      message,
      "--end-of-options",
      objectId(tree),
    ];
    try {
      return { commit: await this.git.line(args), note: undefined };
    } catch (error) {
      if (!saysNoIdentity(error)) throw error;
      return {
        commit: await this.git.line(args, FALLBACK),
        note: phrase`git knows no name and e-mail: the commit is by ADePT Lab`,
      };
    }
  }

  private updateRef(ref: string, commit: string, before: string | undefined): Promise<void> {
    return moveRef(this.git, { folder: this.gitFolder, ref, commit, before });
  }

  /**
   * Commits the work tree as it is, with small untracked files, on top of HEAD under the run's ref.
   * @param record the run's record, as it is after `keep`
   * @param keep adds to the private index what the work tree does not give, and returns remarks for the user
   */
  snapshot(
    id: string,
    record: RunRecord | (() => RunRecord),
    keep?: (index: string) => Promise<Phrase[]>,
  ): Promise<StoredCommit & { skipped: SkippedFile[] }> {
    return this.withIndex(async (index) => {
      const { tree: own, skipped, merging } = await writeWorkTree(this.git, index);
      const kept = (await keep?.(index)) ?? [];
      const tree = keep === undefined ? own : await this.git.line(["write-tree"], { GIT_INDEX_FILE: index });
      const head = await this.git.lineOrUndefined(["rev-parse", "--verify", "-q", "HEAD"]);
      const told = typeof record === "function" ? record() : record;
      const { commit, note } = await this.commit(tree, head === "" ? undefined : head, told, index);
      const ref = refOf(id);
      await this.updateRef(ref, commit, undefined);
      const notes = [
        note,
        merging ? phrase`taken during a merge` : undefined,
        ...kept,
        skipped.length > 0
          ? phrase`left out: ${listed(skipped.map(({ path, reason }) => phrase`${path} (${reason})`))}`
          : undefined,
      ].filter((n) => n !== undefined);
      return { commit, ref, skipped, note: notes.length > 0 ? listed(notes, "; ") : undefined };
    });
  }

  /**
   * Commits the code of another run under this run's ref, as the starting point of a reproduction.
   * @param original the other run's snapshot commit
   */
  snapshotOf(id: string, record: RunRecord, original: string): Promise<StoredCommit> {
    return this.withIndex(async (index) => {
      const tree = await this.git.line(["rev-parse", "--verify", "-q", `${objectId(original)}^{tree}`]);
      const ref = refOf(id);
      const { commit, note } = await this.commit(tree, original, record, index);
      await this.updateRef(ref, commit, undefined);
      return { commit, ref, note };
    });
  }

  /**
   * Commits a run's files on top of its last commit, or of HEAD if it has none.
   * @param files `path`: in the run's folder, `source`: the file to read
   * @param orNew whether to create the run's ref if it does not exist
   * @throws an Error when the ref does not exist and is not to be created
   */
  async result(
    id: string,
    record: RunRecord,
    files: readonly { path: string; source: string }[],
    orNew = true,
  ): Promise<StoredCommit> {
    for (let attempt = 1; ; attempt++) {
      // If another process commits a result meanwhile, commit on top of that one.
      try {
        return await this.resultOnTop(id, record, { files, orNew });
      } catch (error) {
        if (attempt === 5 || !saysRefMoved(error)) throw error;
      }
    }
  }

  private resultOnTop(
    id: string,
    record: RunRecord,
    { files, orNew }: { files: readonly { path: string; source: string }[]; orNew: boolean },
  ): Promise<StoredCommit> {
    return this.withIndex(async (index) => {
      const ref = refOf(id);
      const env = { GIT_INDEX_FILE: index };
      const before = (await this.git.lineOrUndefined(["rev-parse", "--verify", "-q", ref])) || undefined;
      if (before === undefined && !orNew) throw new Error(`there is no ${ref} any more`);
      const parent = before ?? ((await this.git.lineOrUndefined(["rev-parse", "--verify", "-q", "HEAD"])) || undefined);
      if (parent !== undefined) await this.git.run(["read-tree", parent], env);
      await moveOldResults(this.git, index, id);
      await addResults(this, index, { id, files });
      const { commit, note } = await this.commit(await this.git.line(["write-tree"], env), parent, record, index);
      await this.updateRef(ref, commit, before);
      return { commit, ref, note };
    });
  }

  /** Returns the commit that a run's ref names; undefined if there is none. */
  async commitOf(id: string): Promise<string | undefined> {
    return (await this.git.lineOrUndefined(["rev-parse", "--verify", "-q", refOf(id)])) || undefined;
  }

  /** Deletes a run's ref, if it still names this commit. */
  async remove(id: string, commit: string): Promise<void> {
    await this.git.run(["update-ref", "-d", "--end-of-options", refOf(id), objectId(commit)]);
  }

  /** Creates a run's ref again, unless it exists. */
  async restoreRef(id: string, commit: string): Promise<void> {
    if ((await this.commitOf(id)) === undefined) await this.updateRef(refOf(id), commit, undefined);
  }

  /** Lists the files that differ between two commits. A renamed file counts as one deleted and one added. */
  async changedFiles(from: string, to: string): Promise<ChangedFile[]> {
    const parts = (
      await this.git.run([
        "diff-tree",
        "-r",
        "-z",
        "--no-renames",
        "--raw",
        "--end-of-options",
        objectId(from),
        objectId(to),
      ])
    ).split("\0");
    const files: ChangedFile[] = [];
    for (let at = 0; at + 1 < parts.length; at += 2) {
      const [, mode = "", , , letter] = parts[at]!.split(" ");
      files.push({
        path: parts[at + 1]!,
        status: STATUS[letter ?? ""] ?? "changed",
        submodule: mode === SUBMODULE,
      });
    }
    return files;
  }

  /** Lists the files of a commit at paths, and below those that are folders. */
  async entries(
    commit: string,
    ...paths: string[]
  ): Promise<{ mode: string; object: string; bytes: number; path: string }[]> {
    const lines = (
      await this.git.run(["ls-tree", "-r", "-l", "-z", "--end-of-options", objectId(commit), "--", ...paths])
    )
      .split("\0")
      .filter((line) => line !== "");
    return lines.map((line) => {
      const [, mode = "", , object = "", bytes = "0", path = ""] =
        /^(\d+) (\w+) (\w+)\s+(\d+|-)\t(.*)$/s.exec(line) ?? [];
      return { mode, object, bytes: Number(bytes) || 0, path };
    });
  }

  /**
   * Returns the text of a file in a commit.
   * @throws git's error when there is none
   */
  fileAt(commit: string, path: string): Promise<string> {
    return this.git.run(["cat-file", "blob", "--end-of-options", `${objectId(commit)}:${path}`]);
  }

  /** Lists every run of the repository with a single git process. */
  async list(): Promise<StoredRun[]> {
    const out = await this.git.run([
      "for-each-ref",
      REFS,
      "--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:body)%01",
    ]);
    return out
      .split("\x01\n")
      .filter((entry) => entry.trim() !== "")
      .map((entry) => {
        const [ref = "", commit = "", at = "0", body = ""] = entry.split("\0");
        let record: unknown;
        try {
          record = JSON.parse(body);
        } catch {
          record = undefined;
        }
        return { id: ref.slice(REFS.length + 1), commit, committedAt: Number(at), record };
      });
  }
}

/** Opens the store of the repository that contains a folder. Returns the reason if there is none. */
export async function openGitStore(folder: string): Promise<GitStore | { reason: UserError }> {
  if (!existsSync(folder)) return { reason: new UserError("folder-missing", phrase`${folder} does not exist`) };
  const here = new GitProcess(folder);
  if ((await here.lineOrUndefined(["--version"])) === undefined)
    return {
      reason: new UserError("git-not-installed", phrase`git is not installed, so the run has no commit`),
    };
  const top = await topLevel(here);
  if (typeof top !== "string") return top;
  const common = await here.line(["rev-parse", "--git-common-dir"]);
  return new GitStore(new GitProcess(top), isAbsolute(common) ? common : join(folder, common));
}

async function topLevel(git: GitProcess): Promise<string | { reason: UserError }> {
  try {
    if ((await git.line(["rev-parse", "--is-inside-work-tree"])) !== "true")
      return {
        reason: new UserError(
          "repository-without-work-tree",
          phrase`the repository has no work tree, so the run has no commit`,
        ),
      };
    return await git.line(["rev-parse", "--show-toplevel"]);
  } catch (error) {
    return {
      reason: saysNoRepository(error)
        ? new UserError("not-in-repository", phrase`the folder is not in a git repository, so the run has no commit`)
        : new UserError("git-failed", phrase`${(error as Error).message.trim()}`),
    };
  }
}
