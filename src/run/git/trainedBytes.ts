import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FileDigest } from "../../base/fileDigest.ts";
import { makeFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { digestOf } from "../files/contentStore.ts";
import { RESULTS } from "./gitResults.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";

/**
 * Returns the path in a commit of an input file's bytes, where git gives the file itself other bytes (line ends,
 * encoding, a filter). It does not name the run, so that a reproduction's commit has it too.
 */
export const besidePath = ({ sha256 }: Pick<FileDigest, "sha256">): string => `${RESULTS}inputs/${sha256}`;

/** An input file of a run: its path inside the repository, and what it held when it was read. */
export interface TrainedFile {
  path: string;
  content: FileDigest;
}

/** The bytes that a run was trained on: of its commit, beside git, or as a checkout by the user's filters. */
export class TrainedBytes {
  /** @param hashes SHA-256 of git's blobs, and of stored files, that were read; may be shared by many runs */
  constructor(
    private readonly store: GitStore,
    private readonly commit: string,
    private readonly hashes = new Map<string, string>(),
  ) {
    objectId(commit);
  }

  /** Whether the bytes can be given back. */
  async has(file: TrainedFile): Promise<boolean> {
    const { large } = this.store;
    return (
      (await this.blob(file)) !== undefined ||
      (large.has(file.content) &&
        (await this.hashOf(`stored ${file.content.sha256}`, () => large.hashOf(file.content))) ===
          file.content.sha256) ||
      (await this.checkedOut(file, () => undefined))
    );
  }

  private async hashOf(key: string, read: () => Promise<string>): Promise<string> {
    const known = this.hashes.get(key) ?? (await read());
    this.hashes.set(key, known);
    return known;
  }

  /** Whether the commit has a file at the path, with whatever content. */
  async isInCommit(path: string): Promise<boolean> {
    return (await this.store.entries(this.commit, path)).some((each) => each.path === path && isFile(each));
  }

  /**
   * Writes the bytes to a path, and creates the folders above it. A symbolic link at the path is replaced.
   * @returns false, and writes nothing, if they are kept nowhere
   */
  async write(file: TrainedFile, to: string): Promise<boolean> {
    makeFolder(dirname(to));
    const blob = await this.blob(file);
    if (blob !== undefined) {
      writeFileAtomic(to, await this.store.git.blobBytes(blob));
      return true;
    }
    const copy = (from: string): void => {
      rmSync(to, { force: true });
      copyFileSync(from, to);
    };
    // A copy would be written through a link.
    if (this.store.large.has(file.content)) rmSync(to, { force: true });
    return (await this.store.large.copyTo(file.content, to)) || (await this.checkedOut(file, copy));
  }

  /** The commit's blob of exactly these bytes: the file's own, or the one beside it. */
  private async blob({ path, content }: TrainedFile): Promise<string | undefined> {
    const beside = besidePath(content);
    for (const entry of await this.store.entries(this.commit, path, beside)) {
      if (!isFile(entry) || entry.bytes !== content.bytes || ![path, beside].includes(entry.path)) continue;
      const hash = await this.hashOf(entry.object, async () =>
        createHash("sha256")
          .update(await this.store.git.blobBytes(entry.object))
          .digest("hex"),
      );
      if (hash === content.sha256) return entry.object;
    }
    return undefined;
  }

  /** Checks the file out elsewhere, by git's filters, and uses it if it has the right bytes. */
  private async checkedOut({ path, content }: TrainedFile, use: (from: string) => void): Promise<boolean> {
    if (!(await this.isInCommit(path))) return false;
    return this.store.withIndex(async (index) => {
      await this.store.git.run(["read-tree", "--end-of-options", this.commit], { GIT_INDEX_FILE: index });
      return checkOut(this.store, index, { path, content }, use);
    });
  }
}

const isFile = ({ mode }: { mode: string }): boolean => mode.startsWith("100");

/**
 * Checks a file of an index out into a folder of its own, as git would into the work tree.
 * @param use called with the file if it has the content; the file is deleted afterwards
 * @returns whether it has
 */
export async function checkOut(
  store: GitStore,
  index: string,
  { path, content }: TrainedFile,
  use: (from: string) => void,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "adept-file-"));
  try {
    const done = await store.git.lineOrUndefined(["checkout-index", `--prefix=${folder}/`, "--", path], {
      GIT_INDEX_FILE: index,
    });
    const own = join(folder, path);
    if (done === undefined || (await digestOf(own)).sha256 !== content.sha256) return false;
    use(own);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
