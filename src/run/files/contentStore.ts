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

/** Space (bytes) that keeping a file leaves on the disk. */
const LEFT_FREE = 1e9;

/** What a file holds. @throws where it cannot be read */
export async function digestOf(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/**
 * Files that are too large for git, or that git is not to have, kept once by what they hold: beside the repository's
 * own objects, shared by its work trees.
 */
export class ContentStore {
  private readonly folder: string;

  /** @param gitFolder the repository's common folder */
  constructor(gitFolder: string) {
    this.folder = join(gitFolder, "adept", "large");
  }

  private pathOf({ sha256 }: Pick<FileDigest, "sha256">): string {
    return join(this.folder, sha256);
  }

  has({ sha256, bytes }: FileDigest): boolean {
    return statSync(this.pathOf({ sha256 }), { throwIfNoEntry: false })?.size === bytes;
  }

  /** Whether a file of this size can be kept without filling the disk. */
  hasRoomFor(bytes: number): boolean {
    let at = this.folder;
    while (!existsSync(at)) at = dirname(at);
    const { bavail, bsize } = statfsSync(at);
    return bavail * bsize - bytes > LEFT_FREE;
  }

  /**
   * Keeps a file as it is now; where the disk can, no byte is copied before one of them changes.
   * @throws UserError when the disk is full
   */
  async keep(source: string): Promise<FileDigest> {
    const known = await digestOf(source);
    if (this.has(known)) {
      // A prune looks at the time: what is wanted again is young again.
      const now = new Date();
      utimesSync(this.pathOf(known), now, now);
      return known;
    }
    const temporary = join(this.folder, `${randomBytes(8).toString("hex")}.tmp`);
    try {
      makeFolder(this.folder);
      await copyFile(source, temporary, constants.COPYFILE_FICLONE);
      // It may have changed since it was read.
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

  /** Writes what was kept to a path whose folders are made. @returns whether it is here, and still what it was */
  async copyTo(content: FileDigest, to: string): Promise<boolean> {
    if (!this.has(content)) return false;
    makeFolder(dirname(to));
    await copyFile(this.pathOf(content), to, constants.COPYFILE_FICLONE);
    if ((await digestOf(to)).sha256 === content.sha256) return true;
    rmSync(to);
    return false;
  }

  /** Everything that is kept: since when (ms), and what it was left half-written by a process that was ended. */
  list(): { name: string; path: string; bytes: number; since: number; whole: boolean }[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder).map((name) => {
      const path = join(this.folder, name);
      const { size, mtimeMs } = statSync(path);
      return { name, path, bytes: size, since: mtimeMs, whole: /^[0-9a-f]{64}$/.test(name) };
    });
  }
}
