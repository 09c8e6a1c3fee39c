import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../experiment/errors.ts";
import { ResolvedExperiment } from "../experiment/experiment.ts";
import { RunStatus } from "../experiment/events.ts";
import { looksSecret } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";
import { Journal, readJournal, readRecord } from "./journal.ts";
import { isRunId } from "./runDirectory.ts";

const REFS = "refs/adept/runs";
/** A fetched run is somebody else's data: so many files of so many bytes, and no more. */
const MOST_FILES = 300, MOST_BYTES = 256 * 1024 * 1024;

export interface LeavingFile { path: string; bytes: number; secret: boolean }
/** What a push would send: files that no remote branch has yet, the largest first. */
export interface PushPreview { commits: number; files: LeavingFile[]; bytes: number }

interface TreeEntry { object: string; bytes: number; path: string }

/** Sends runs to a remote, and takes theirs from it; nothing leaves before it was asked for. */
export class GitShare {
  constructor(private readonly store: GitStore) {}

  async remotes(): Promise<string[]> { return (await this.store.git.run(["remote"])).split("\n").filter((name) => name !== ""); }

  /** What leaves when these runs are pushed, by what the remote's branches are known to have. */
  async preview(remote: string, ids: readonly string[]): Promise<PushPreview> {
    const { git } = this.store, refs = ids.map((id) => `${REFS}/${id}`), fresh = ["--not", `--remotes=${remote}`];
    const objects = new Set((await git.run(["rev-list", "--objects", ...refs, ...fresh])).split("\n").map((line) => line.split(" ")[0]!)), commits = (await git.run(["rev-list", ...refs, ...fresh])).split("\n").filter((line) => line !== "");
    const files = new Map<string, LeavingFile>();
    for (const commit of commits) for (const { object, bytes, path } of await this.entries(commit)) if (objects.has(object)) files.set(`${object} ${path}`, { path, bytes, secret: looksSecret(path) });
    const sorted = [...files.values()].sort((a, b) => b.bytes - a.bytes);
    return { commits: commits.length, files: sorted, bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Pushes run refs. @throws UserError with git's words when the remote refuses */
  async push(remote: string, ids: readonly string[]): Promise<void> {
    try { await this.store.git.run(["push", "--porcelain", remote, ...ids.map((id) => `${REFS}/${id}:${REFS}/${id}`)]); } catch (error) { throw new UserError(`The runs were not pushed: ${(error as Error).message.trim().slice(0, 500)}`, "Check the remote, and that git can reach it from a terminal."); }
  }

  /** Fetches the remote's runs; one that is here already is left as it is. @returns ids of runs that came, and those that could not be read, with the reason */
  async fetch(remote: string, runsDir: string): Promise<{ came: string[]; refused: { id: string; reason: string }[] }> {
    const { git } = this.store, listed = (await git.run(["ls-remote", remote, `${REFS}/*`]).catch((error: unknown) => { throw new UserError(`The remote was not reached: ${(error as Error).message.trim().slice(0, 500)}`); })).split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[1]!.slice(REFS.length + 1)]));
    const wanted: string[] = [], refused: { id: string; reason: string }[] = [];
    for (const id of listed) {
      if (!isRunId(id)) refused.push({ id: id.slice(0, 60), reason: "not a run's id" });
      else if (await this.store.commitOf(id) === undefined) wanted.push(id);
    }
    for (let at = 0; at < wanted.length; at += 100) await git.run(["fetch", "--no-tags", "--no-write-fetch-head", remote, ...wanted.slice(at, at + 100).map((id) => `${REFS}/${id}:${REFS}/${id}`)]);
    const came: string[] = [];
    for (const id of listed.filter(isRunId)) {
      if (existsSync(join(runsDir, id))) continue;
      try { await this.unpack(id, runsDir); came.push(id); } catch (error) { refused.push({ id, reason: (error as Error).message }); }
    }
    return { came, refused };
  }

  private async entries(commit: string, under: string[] = []): Promise<(TreeEntry & { mode: string })[]> {
    const lines = (await this.store.git.run(["ls-tree", "-r", "-l", "-z", commit, ...(under.length === 0 ? [] : ["--", ...under])])).split("\0").filter((line) => line !== "");
    return lines.map((line) => { const [, mode = "", , object = "", bytes = "0", path = ""] = /^(\d+) (\w+) (\w+)\s+(\d+|-)\t(.*)$/s.exec(line) ?? []; return { mode, object, bytes: Number(bytes) || 0, path }; });
  }

  /** A run's folder out of its commit: whole, checked, or not at all. */
  private async unpack(id: string, runsDir: string): Promise<void> {
    const prefix = `.adept/runs/${id}/`, commit = (await this.store.commitOf(id))!, entries = (await this.entries(commit, [prefix])).filter(({ path }) => path.startsWith(prefix));
    if (!entries.some(({ path }) => path === `${prefix}experiment.json`)) throw new UserError("its commit has no experiment.json: it was made by an older version, or has not finished");
    if (entries.length > MOST_FILES || entries.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_BYTES) throw new UserError(`it has ${entries.length} files, more than can be taken over`);
    if (entries.some(({ mode, path }) => mode !== "100644" || path.split("/").some((part) => part === ".." || part === "" || /^\.git$/i.test(part)))) throw new UserError("it has files that are no plain files");
    mkdirSync(runsDir, { recursive: true });
    const temporary = mkdtempSync(join(dirname(runsDir), "fetched-"));
    try {
      await this.store.withIndex(async (index) => {
        const env = { GIT_INDEX_FILE: index };
        await this.store.git.run(["read-tree", "--empty"], env);
        for (const { object, path } of entries) await this.store.git.run(["update-index", "--add", "--cacheinfo", `100644,${object},${path.slice(prefix.length)}`], env);
        await this.store.git.run(["-c", "core.autocrlf=false", "-c", "core.symlinks=false", "checkout-index", "--all", `--prefix=${temporary}/run/`], env);
      });
      const run = join(temporary, "run");
      ResolvedExperiment.parse(JSON.parse(readFileSync(join(run, "experiment.json"), "utf8")));
      await this.finishJournal(run, commit);
      mkdirSync(join(run, "checkpoint"), { recursive: true });
      renameSync(run, join(runsDir, id));
    } finally { rmSync(temporary, { recursive: true, force: true }); }
  }

  /** The journal in a commit ends before the commit was made: what the commit says of the run is its end. */
  private async finishJournal(run: string, commit: string): Promise<void> {
    if (readJournal(run).events.length === 0) throw new UserError("its journal cannot be read");
    const body = await this.store.git.run(["log", "-1", "--format=%b", commit]);
    let status: unknown;
    try { status = (JSON.parse(body) as { status?: unknown }).status; } catch { status = undefined; }
    const known = RunStatus.safeParse(status), { record } = readRecord(run), journal = new Journal(run);
    try {
      if (known.success && record.status !== known.data) journal.append({ type: "status", status: known.data });
      journal.append({ type: "git", kind: "result", commit, ref: `${REFS}/${basename(run)}` });
    } finally { journal.close(); }
  }
}
