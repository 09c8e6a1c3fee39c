import { createHash, randomBytes } from "node:crypto";
import {
  createReadStream,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
} from "node:fs";
import { constants, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileDigest } from "../../base/fileDigest.ts";
import { explainWrite, makeFolder, syncFile, syncFolder } from "../../base/files/atomicFile.ts";

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;
/** Free bytes that must stay on the disk after a file is stored. */
const LEFT_FREE = 1e9;

/**
 * Computes the SHA-256 and the size of a file.
 * @throws the system's error when it cannot be read
 */
export async function digestOf(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Whether a file still has the digest. False for a folder of which only names and sizes were hashed. */
export async function hasDigest({ sha256, bytes }: FileDigest, path: string): Promise<boolean> {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry?.isFile() === true && entry.size === bytes && (await digestOf(path)).sha256 === sha256;
}

/**
 * Stores files by their SHA-256, each content once: files that are too large for git, or that git ignores. The folder
 * lies beside the repository's own objects and is shared by its work trees.
 */
export class ContentStore {
  private readonly folder: string;

  /** @param gitFolder the repository's common .git folder */
  constructor(gitFolder: string) {
    this.folder = join(gitFolder, "adept", "large");
  }

  private pathOf({ sha256 }: Pick<FileDigest, "sha256">): string {
    return join(this.folder, sha256);
  }

  /** Whether a file with this digest is stored. */
  has({ sha256, bytes }: FileDigest): boolean {
    return statSync(this.pathOf({ sha256 }), { throwIfNoEntry: false })?.size === bytes;
  }

  /** The SHA-256 that a stored file has now; another one if it is damaged. */
  async hashOf(content: FileDigest): Promise<string> {
    return (await digestOf(this.pathOf(content))).sha256;
  }

  /** Whether a file of this size can be stored without filling the disk. */
  hasRoomFor(bytes: number): boolean {
    let at = this.folder;
    while (!existsSync(at)) at = dirname(at);
    const { bavail, bsize } = statfsSync(at);
    return bavail * bsize - bytes > LEFT_FREE;
  }

  /**
   * Stores a copy of a file as it is now. On a file system with copy-on-write, no bytes are copied until one of the
   * files changes.
   * @returns the digest under which it is stored
   * @throws UserError when the disk is full
   */
  async keep(source: string): Promise<FileDigest> {
    const known = await digestOf(source);
    if (this.has(known)) {
      // Pruning deletes files by age: a file that is used again counts as new.
      const now = new Date();
      utimesSync(this.pathOf(known), now, now);
      return known;
    }
    const temporary = join(this.folder, `${randomBytes(8).toString("hex")}.tmp`);
    try {
      makeFolder(this.folder);
      await copyFile(source, temporary, constants.COPYFILE_FICLONE);
      // The source may have changed since it was read.
      const copied = await digestOf(temporary);
      syncFile(temporary);
      renameSync(temporary, this.pathOf(copied));
      syncFolder(this.folder);
      return copied;
    } catch (error) {
      throw explainWrite(error, this.folder);
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /**
   * Copies a stored file to a path, and creates the folders above it. Returns false, and leaves no file there, if the
   * content is not stored or the stored copy is damaged.
   */
  async copyTo(content: FileDigest, to: string): Promise<boolean> {
    if (!this.has(content)) return false;
    makeFolder(dirname(to));
    await copyFile(this.pathOf(content), to, constants.COPYFILE_FICLONE);
    if ((await digestOf(to)).sha256 === content.sha256) return true;
    rmSync(to);
    return false;
  }

  /**
   * Lists the stored files. `since`: when each was stored or last used (ms since the epoch); `whole`: false for a
   * partial file of a process that was killed.
   */
  list(): { name: string; path: string; bytes: number; since: number; whole: boolean }[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder).map((name) => {
      const path = join(this.folder, name);
      const { size, mtimeMs } = statSync(path);
      return { name, path, bytes: size, since: mtimeMs, whole: /^[0-9a-f]{64}$/.test(name) };
    });
  }
}
