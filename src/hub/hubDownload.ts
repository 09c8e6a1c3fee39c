import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { explainWrite, makeFolder, writeFileAtomic } from "../base/files/atomicFile.ts";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { fileUrl, listRepository, type HubFile, type HubRepository } from "./hubListing.ts";
import type { HubPlace } from "./hubRequest.ts";
import { transferFile } from "./hubTransfer.ts";
import { wantedFiles } from "./wantedFiles.ts";

const Manifest = z.object({
  repository: z.string(),
  kind: z.string(),
  commit: z.string(),
  files: z.record(z.string(), z.object({ size: z.number(), hash: z.string() })),
});
type Manifest = z.infer<typeof Manifest>;
const MANIFEST = ".adept-download.json";

function readManifest(folder: string): Manifest | undefined {
  try {
    return Manifest.parse(JSON.parse(readFileSync(join(folder, MANIFEST), "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether a file is complete: the manifest says that its checksum was right, and its size has not changed since. */
function isHere(folder: string, file: HubFile, manifest: Manifest | undefined): boolean {
  const path = join(folder, file.path);
  const known = manifest?.files[file.path];
  return known?.hash === file.hash.hex && existsSync(path) && statSync(path).size === file.size;
}

/** The progress of a download. */
export interface DownloadProgress {
  /** The file being loaded. */
  file: string;
  /** Bytes loaded so far, of all files. */
  done: number;
  /** Bytes to load, of all files. */
  total: number;
}
/** A finished download. */
export interface Download {
  folder: string;
  /** The repository's commit. */
  commit: string;
  /** All wanted files, including those that existed already. */
  files: string[];
  /** The files that were loaded. */
  loaded: string[];
  /** The bytes of the loaded files. */
  bytes: number;
}

/**
 * Creates the folder of a download.
 * @throws UserError when it cannot be created, or its disk has less than `total` free bytes
 */
function makeRoom(repository: HubRepository, folder: string, total: number): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw explainWrite(error, folder);
  }
  const { bavail, bsize } = statfsSync(folder);
  if (total > bavail * bsize)
    throw new UserError(
      "download-space-short",
      phrase`${repository.name} needs ${Math.ceil(total / 1e6)} MB, and ${Math.floor((bavail * bsize) / 1e6)} MB are free in ${folder}`,
      phrase`Free some space, or choose another folder with --out.`,
    );
}

/** What is downloaded where. */
export interface DownloadWish {
  folder: string;
  /** Globs of the wanted files; if empty, what a backbone or a task needs. */
  include: readonly string[];
  /** Called once a model's config.json is in the folder, before its weights; what it throws ends the download. */
  accept?: (() => void) | undefined;
}

const CONFIG = "config.json";

/**
 * Downloads files of a repository into a folder, at the commit that its revision names now. Files that already exist in
 * full are not loaded again.
 * @throws UserError when no file matches, a file is damaged, the disk is full, or the Hub cannot be reached; loaded
 * files stay, and the next call continues from there
 */
export async function downloadRepository(
  place: HubPlace,
  repository: HubRepository,
  { folder, include, accept }: DownloadWish,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Download> {
  const { commit, files: all } = await listRepository(place, repository);
  const files = wantedFiles(repository, all, include);
  const manifest = readManifest(folder);
  // The config is small, and says whether the rest is worth loading.
  const missing = files
    .filter((file) => !isHere(folder, file, manifest))
    .sort((a, b) => Number(b.path === CONFIG) - Number(a.path === CONFIG));
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  makeRoom(repository, folder, total);
  const record: Manifest = {
    repository: repository.name,
    kind: repository.kind,
    commit,
    files: Object.fromEntries(
      files.filter((file) => !missing.includes(file)).map(({ path, size, hash }) => [path, { size, hash: hash.hex }]),
    ),
  };
  const hasConfig = files.some(({ path }) => path === CONFIG);
  if (hasConfig && missing[0]?.path !== CONFIG) accept?.();
  let done = 0;
  for (const file of missing) {
    await transferFile(
      place,
      file,
      { url: fileUrl(place, repository, commit, file.path), target: join(folder, file.path) },
      (bytes) => {
        done += bytes;
        onProgress({ file: file.path, done, total });
      },
    );
    record.files[file.path] = { size: file.size, hash: file.hash.hex };
    writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(record, null, 2)}\n`);
    if (file.path === CONFIG) accept?.();
  }
  return {
    folder,
    commit,
    files: files.map(({ path }) => path),
    loaded: missing.map(({ path }) => path),
    bytes: total,
  };
}
