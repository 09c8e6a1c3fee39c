import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import type { FileDigest } from "../../base/fileDigest.ts";
import { phrase } from "../../base/phrase.ts";

/** Bytes that are read at a time: of a large file, smaller ones take three times as long. */
const CHUNK = 1 << 20;

/** A file's digest, and the id that git gives a blob of exactly these bytes. */
export interface BlobDigest extends FileDigest {
  blob: string;
}

/** The error for an input that is written while a run starts. */
export const inputChanges = (path: string): UserError =>
  new UserError(
    "input-changes",
    phrase`${path} changed while the run started, so it is not known what it was trained on`,
    phrase`Train again when nothing writes to it.`,
  );

/**
 * Computes a file's digest and the id of its blob at once, so that both are of the same bytes.
 * @param algorithm the hash of the repository's objects
 * @throws UserError when the file grows or shrinks meanwhile; the system's error when it cannot be read
 */
export async function blobDigest(path: string, algorithm: "sha1" | "sha256"): Promise<BlobDigest> {
  const { size } = statSync(path);
  const content = createHash("sha256");
  const object = createHash(algorithm).update(`blob ${size}\0`);
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    content.update(chunk as Buffer);
    object.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  if (bytes !== size) throw inputChanges(path);
  return { sha256: content.digest("hex"), bytes, blob: object.digest("hex") };
}

/** Returns what changes when a file is written or replaced: its times, size and number. */
export function fileStamp(path: string): string {
  const entry = statSync(path, { bigint: true, throwIfNoEntry: false });
  return entry === undefined ? "" : `${entry.ino} ${entry.size} ${entry.mtimeNs} ${entry.ctimeNs}`;
}
