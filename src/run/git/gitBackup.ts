import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { InnerPath } from "../../base/identifiers.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import { phrase } from "../../base/phrase.ts";
import type { GitProcess } from "./gitProcess.ts";
import { writeWorkTree } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";
import { entryAt, occupantOf } from "./occupant.ts";

const BACKUPS = "refs/adept/backup";
/** The largest file in bytes that is backed up; the user must move a larger one away. */
const MOST_BYTES = 1024 ** 3;

const Had = z.object({
  path: InnerPath,
  object: z.string().regex(/^[0-9a-f]{40,64}$/),
  mode: z.number().int().optional().describe("a file's permissions; a link has none"),
});
type Had = z.output<typeof Had>;
/**
 * The JSON in a backup commit's message: the paths to be restored, the files and links that they replace, and the
 * folders that did not exist.
 */
const Kept = z.object({ paths: z.array(InnerPath), had: z.array(Had), made: z.array(InnerPath) });

/** A backup of the files that restoring replaces. */
export interface Backup {
  /** The backup's commit. */
  backup: string;
  /** The git ref that names the commit. */
  ref: string;
  /** The paths of the files and links that were saved; restoring replaces them. */
  had: readonly string[];
}

/** The mode of a file's entry in a git tree: link, plain or executable file. */
function treeMode({ mode }: Had): string {
  if (mode === undefined) return "120000";
  return (mode & 0o100) === 0 ? "100644" : "100755";
}

/**
 * Saves the files and links that stand where other files are about to be written, byte for byte, in a commit under a
 * ref of its own.
 * @param paths the paths to be written, inside the repository
 * @throws UserError naming a file that cannot be saved; nothing has changed then
 */
export async function keepBackup(store: GitStore, paths: readonly string[]): Promise<Backup> {
  const { git } = store;
  const places = paths.map((path) => occupantOf(git.folder, path));
  const occupants = [...new Set(places.flatMap((each) => each.occupant ?? []))];
  const had: Had[] = [];
  for (const path of occupants) had.push(await saveBlob(git, path));
  return store.withIndex(async (index) => {
    await writeWorkTree(git, index);
    const env = { GIT_INDEX_FILE: index };
    if (had.length > 0)
      await git.runWithInput(
        ["update-index", "-z", "--index-info"],
        had.map((each) => `${treeMode(each)} ${each.object} 0\t${each.path}\0`).join(""),
        env,
      );
    const head = await git.lineOrUndefined(["rev-parse", "--verify", "-q", "HEAD"]);
    const kept = { paths, had, made: [...new Set(places.flatMap(({ missing }) => missing))] };
    const message = `adept: before files of ${paths.length === 1 ? paths[0]! : `${paths.length} paths`} were restored\n\n${JSON.stringify(kept)}\n`;
    const backup = await store.commitTree(await git.line(["write-tree"], env), head === "" ? undefined : head, {
      index,
      message,
    });
    const stamp = new Date().toISOString().replace(/\D/g, "");
    const ref = `${BACKUPS}/${stamp.slice(0, 8)}-${stamp.slice(8, 14)}-${randomBytes(2).toString("hex")}`;
    await git.run(["update-ref", "-m", "adept backup", "--end-of-options", ref, backup, "0".repeat(backup.length)]);
    return { backup, ref, had: occupants };
  });
}

/**
 * Stores a file's content, or a symbolic link's target, as a git blob, without the repository's filters and line-end
 * conversion.
 */
async function saveBlob(git: GitProcess, path: string): Promise<Had> {
  const full = join(git.folder, path);
  const entry = entryAt(full);
  if (entry?.isSymbolicLink() === true)
    return { path, object: (await git.runWithInput(["hash-object", "-w", "--stdin"], readlinkSync(full))).trim() };
  if (entry?.isDirectory() === true)
    throw new UserError(
      "restore-folder-in-place",
      phrase`There is a folder where the run had the file ${path}`,
      phrase`Move it away first.`,
    );
  if (entry?.isFile() !== true || entry.size > MOST_BYTES)
    throw new UserError(
      "backup-path-refused",
      phrase`${path} cannot be kept in the backup`,
      phrase`Move it away first.`,
    );
  return {
    path,
    object: await git.line(["hash-object", "-w", "--no-filters", "--end-of-options", full]),
    mode: entry.mode & 0o777,
  };
}

/**
 * Restores the state before the backup's files were written: deletes new files and folders, and writes back the old
 * ones.
 * @throws UserError naming the paths that could not be restored because something else is there now
 */
export async function restoreBackup({ git }: GitStore, backup: string): Promise<void> {
  const { paths, had, made } = await read(git, backup);
  const top = git.folder;
  const unrestored: string[] = [];
  for (const path of paths)
    if (
      !had.some((each) => each.path === path) &&
      occupantOf(top, path).occupant === path &&
      entryAt(join(top, path))?.isDirectory() !== true
    )
      rmSync(join(top, path));
  for (const folder of [...made].sort((a, b) => b.length - a.length))
    removeEmpty(join(top, folder), occupantOf(top, folder).occupant === folder);
  for (const { path, object, mode } of had) {
    const { occupant } = occupantOf(top, path);
    const full = join(top, path);
    if (occupant !== undefined && (occupant !== path || entryAt(full)?.isDirectory() === true)) {
      unrestored.push(path);
      continue;
    }
    mkdirSync(dirname(full), { recursive: true });
    const bytes = await git.blobBytes(object);
    if (mode === undefined) {
      rmSync(full, { force: true });
      symlinkSync(bytes.toString(), full);
      continue;
    }
    writeFileAtomic(full, bytes);
    chmodSync(full, mode);
  }
  if (unrestored.length > 0)
    throw new UserError(
      "backup-place-taken",
      phrase`${unrestored.join(", ")} could not be put back: something else is there now`,
      phrase`Move that away, and take them from commit ${backup}.`,
    );
}

async function read(git: GitProcess, backup: string): Promise<z.output<typeof Kept>> {
  try {
    return Kept.parse(JSON.parse(await git.run(["log", "-1", "--format=%b", "--end-of-options", objectId(backup)])));
  } catch (error) {
    throw new UserError(
      "backup-malformed",
      phrase`${backup} is no backup that can be put back: ${(error as Error).message.slice(0, 200)}`,
    );
  }
}

/** Deletes a folder that restoring has created, unless it has got other content. */
function removeEmpty(folder: string, isOwn: boolean): void {
  if (!isOwn || entryAt(folder)?.isDirectory() !== true) return;
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
