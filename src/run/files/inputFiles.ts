import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { FileDigest } from "../../base/fileDigest.ts";

/** Names of the files that an experiment may read from a folder: data, weights, configurations. */
const READ = /\.(jsonl|ndjson|tsv|csv|parquet|json|gz|txt|safetensors|model|bin|jinja)$/i;

/**
 * Lists the files that an experiment may read from a folder, sorted by name; symbolic links are followed. Returns none
 * if the folder cannot be read.
 */
export function inputFilesIn(folder: string): { path: string; bytes: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => READ.test(name))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const entry = statSync(path, { throwIfNoEntry: false });
      return entry?.isFile() === true ? [{ path, bytes: entry.size }] : [];
    });
}

/**
 * Stands in for the digest of a folder that is too large to be read when a run starts: hashes the names and sizes of
 * its files.
 */
export function outlineDigest(files: readonly { path: string; bytes: number }[]): FileDigest {
  return {
    sha256: createHash("sha256")
      .update(files.map(({ path, bytes }) => `${basename(path)}\0${bytes}\n`).join(""))
      .digest("hex"),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
