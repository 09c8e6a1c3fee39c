import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { InnerPath } from "../../base/identifiers.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import type { GitProcess } from "./gitProcess.ts";
import { writeWorkTree } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";
import { objectId } from "./objectId.ts";
import { entryAt, occupantOf } from "./occupant.ts";

const BACKUPS = "refs/adept/backup";
/** A file above this is to be moved by hand. */
const MOST_BYTES = 1024 ** 3;

const Had = z.object({
  path: InnerPath,
  object: z.string().regex(/^[0-9a-f]{40,64}$/),
  mode: z.number().int().optional().describe("a file's permissions; a link has none"),
});
type Had = z.output<typeof Had>;
/**
 * In a backup's message: the paths that were to be written, what stood in their way, and the folders that were missing.
 */
const Kept = z.object({ paths: z.array(InnerPath), had: z.array(Had), made: z.array(InnerPath) });

export interface Backup {
  backup: string;
  ref: string;
  /** what stands in the way of the files: it goes */
  had: readonly string[];
}

/**
 * Keeps what stands where files are to go, byte for byte, under a ref.
 * @throws UserError naming what cannot be kept; nothing has changed then
 */
export async function keepBackup(store: GitStore, paths: readonly string[]): Promise<Backup> {
  const { git } = store;
  const ways = paths.map((path) => occupantOf(git.folder, path));
  const there = [...new Set(ways.flatMap((way) => way.there ?? []))];
  const had: Had[] = [];
  for (const path of there) had.push(await keep(git, path));
  return store.withIndex(async (index) => {
    await writeWorkTree(git, index);
    const env = { GIT_INDEX_FILE: index };
    const modeOf = ({ mode }: Had): string =>
      mode === undefined ? "120000" : (mode & 0o100) === 0 ? "100644" : "100755";
    if (had.length > 0)
      await git.runWithInput(
        ["update-index", "-z", "--index-info"],
        had.map((each) => `${modeOf(each)} ${each.object} 0\t${each.path}\0`).join(""),
        env,
      );
    const head = await git.lineOrUndefined(["rev-parse", "--verify", "-q", "HEAD"]);
    const kept = { paths, had, made: [...new Set(ways.flatMap(({ missing }) => missing))] };
    const message = `adept: before files of ${paths.length === 1 ? paths[0]! : `${paths.length} paths`} were restored\n\n${JSON.stringify(kept)}\n`;
    const backup = await store.commitTree(await git.line(["write-tree"], env), head === "" ? undefined : head, {
      index,
      message,
    });
    const stamp = new Date().toISOString().replace(/\D/g, "");
    const ref = `${BACKUPS}/${stamp.slice(0, 8)}-${stamp.slice(8, 14)}-${randomBytes(2).toString("hex")}`;
    await git.run(["update-ref", "-m", "adept backup", "--end-of-options", ref, backup, "0".repeat(backup.length)]);
    return { backup, ref, had: there };
  });
}

/** A file's or a link's bytes as an object; no filter or line end of the repository changes them. */
async function keep(git: GitProcess, path: string): Promise<Had> {
  const full = join(git.folder, path);
  const entry = entryAt(full);
  if (entry?.isSymbolicLink() === true)
    return { path, object: (await git.runWithInput(["hash-object", "-w", "--stdin"], readlinkSync(full))).trim() };
  if (entry?.isDirectory() === true)
    throw new UserError(`There is a folder where the run had the file ${path}`, "Move it away first.");
  if (entry?.isFile() !== true || entry.size > MOST_BYTES)
    throw new UserError(`${path} cannot be kept in the backup`, "Move it away first.");
  return {
    path,
    object: await git.line(["hash-object", "-w", "--no-filters", "--end-of-options", full]),
    mode: entry.mode & 0o777,
  };
}

/**
 * Puts everything back as it was before the backup's files were written.
 * @throws UserError naming what could not be, since something else is there now
 */
export async function putBack({ git }: GitStore, backup: string): Promise<void> {
  const { paths, had, made } = await read(git, backup);
  const top = git.folder;
  const left: string[] = [];
  for (const path of paths)
    if (
      !had.some((each) => each.path === path) &&
      occupantOf(top, path).there === path &&
      entryAt(join(top, path))?.isDirectory() !== true
    )
      rmSync(join(top, path));
  for (const folder of [...made].sort((a, b) => b.length - a.length))
    removeEmpty(join(top, folder), occupantOf(top, folder).there === folder);
  for (const { path, object, mode } of had) {
    const { there } = occupantOf(top, path);
    const full = join(top, path);
    if (there !== undefined && (there !== path || entryAt(full)?.isDirectory() === true)) {
      left.push(path);
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
  if (left.length > 0)
    throw new UserError(
      `${left.join(", ")} could not be put back: something else is there now`,
      `Move that away, and take them from commit ${backup}.`,
    );
}

async function read(git: GitProcess, backup: string): Promise<z.output<typeof Kept>> {
  try {
    return Kept.parse(JSON.parse(await git.run(["log", "-1", "--format=%b", "--end-of-options", objectId(backup)])));
  } catch (error) {
    throw new UserError(`${backup} is no backup that can be put back: ${(error as Error).message.slice(0, 200)}`);
  }
}

/** Takes a folder that was made away again, unless something has come into it. */
function removeEmpty(folder: string, isOwn: boolean): void {
  if (!isOwn || entryAt(folder)?.isDirectory() !== true) return;
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
