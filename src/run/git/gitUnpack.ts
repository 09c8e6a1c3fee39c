import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase, said } from "../../base/phrase.ts";
import { RunStatus } from "../../record/events.ts";
import { ResolvedExperiment } from "../../experiment/experiment.ts";
import { InnerPath } from "../../base/identifiers.ts";
import { pointedAt, readPointer, resultFolders } from "./gitResults.ts";
import type { GitStore } from "./gitStore.ts";
import { Journal } from "../journal/journal.ts";
import { readJournal, readRecord } from "../journal/readJournal.ts";
import { makeRunsFolder } from "../directory/runDirectory.ts";

/** Limits of a fetched run, which is somebody else's data. */
const MOST_FILES = 300;
const MOST_BYTES = 256 * 1024 * 1024;
/** The most commits of one run that are read: one snapshot, and a result for each analysis. */
const MOST_COMMITS = 1000;

/** A file of a run in a commit; `path` is relative to the run's folder. */
interface RunFile {
  mode: string;
  object: string;
  bytes: number;
  path: string;
}

/**
 * Creates the folder of a fetched run from its commit. The folder appears only when everything in it has been checked.
 * @throws UserError with the reason when the commit is not a valid run
 */
export async function unpackRun(
  store: GitStore,
  { id, commit }: { id: string; commit: string },
  runsDir: string,
): Promise<void> {
  const files = await runFiles(store, id, commit);
  if (!files.some(({ path }) => path === "experiment.json"))
    throw new UserError(
      "fetched-run-without-experiment",
      phrase`its commit has no experiment.json: it was made by an older version, or has not finished`,
    );
  if (files.length > MOST_FILES || files.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_BYTES)
    throw new UserError(
      "fetched-run-too-many-files",
      phrase`it has ${files.length} files, more than can be taken over`,
    );
  if (files.some(({ mode, path }) => mode !== "100644" || !InnerPath.safeParse(path).success))
    throw new UserError("fetched-run-odd-files", phrase`it has files that are no plain files`);
  makeRunsFolder(runsDir);
  const temporary = mkdtempSync(join(dirname(runsDir), "fetched-"));
  const run = join(temporary, id);
  try {
    const contents = await store.git.blobs(files.map(({ object }) => object));
    for (const [i, { path }] of files.entries()) {
      mkdirSync(dirname(join(run, path)), { recursive: true });
      writeFileSync(join(run, path), contents[i]!, { flag: "wx" });
    }
    forgetReproduced(run);
    const lacking = await copyLargeFiles(store, run, files);
    await completeJournal(store, run, { commit, lacking });
    mkdirSync(join(run, "checkpoint"), { recursive: true });
    renameSync(run, join(runsDir, id));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Lists a run's files in its commit. If a file exists at the path of older versions and at the present one, takes the
 * present one.
 */
async function runFiles(store: GitStore, id: string, commit: string): Promise<RunFile[]> {
  const folders = resultFolders(id);
  const entries = await store.entries(commit, ...folders);
  const files = new Map<string, RunFile>();
  for (const folder of folders)
    for (const { path, ...rest } of entries.filter((each) => each.path.startsWith(folder)))
      files.set(path.slice(folder.length), { ...rest, path: path.slice(folder.length) });
  return [...files.values()];
}

/**
 * Copies large files, which the commit only points to, from this repository's content store.
 * @returns the paths of those that it does not have
 */
async function copyLargeFiles(store: GitStore, run: string, files: readonly RunFile[]): Promise<string[]> {
  const lacking: string[] = [];
  for (const { path } of files) {
    const large = pointedAt(path);
    if (large === undefined) continue;
    if (!(await store.large.copyTo(readPointer(readFileSync(join(run, path), "utf8")), join(run, large))))
      lacking.push(large);
  }
  return lacking;
}

/**
 * Removes what the run reproduces from its experiment: that run is not here, and on the word of a fetched file no work
 * tree may be created or deleted.
 */
function forgetReproduced(run: string): void {
  const path = join(run, "experiment.json");
  const { reproduces, ...experiment } = ResolvedExperiment.parse(JSON.parse(readFileSync(path, "utf8")));
  if (reproduces !== undefined) writeFileSync(path, `${JSON.stringify(experiment, null, 2)}\n`);
}

function isGitEvent(line: string): boolean {
  try {
    return (JSON.parse(line) as { type?: unknown } | null)?.type === "git";
  } catch {
    return false;
  }
}

/**
 * Rewrites the journal's end. The committed journal ends before its own commit, and what it says about commits cannot
 * be trusted: the status and the commits are taken from the ref's history.
 */
async function completeJournal(
  store: GitStore,
  run: string,
  { commit, lacking }: { commit: string; lacking: readonly string[] },
): Promise<void> {
  const path = join(run, "events.jsonl");
  const id = basename(run);
  if (readJournal(run).events.length === 0)
    throw new UserError("fetched-run-journal-unreadable", phrase`its journal cannot be read`);
  writeFileSync(
    path,
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => !isGitEvent(line))
      .join("\n"),
  );
  const { status, snapshot } = await statusAndSnapshot(store, id, commit);
  const known = RunStatus.safeParse(status);
  const { record } = readRecord(run);
  const journal = new Journal(run, "extend");
  const ref = `refs/adept/runs/${id}`;
  try {
    if (known.success && record.status !== known.data) journal.append({ type: "status", status: known.data });
    if (snapshot !== undefined) journal.append({ type: "git", kind: "snapshot", commit: snapshot, ref });
    journal.append({ type: "git", kind: "result", commit, ref });
    if (lacking.length > 0)
      journal.append({
        type: "warning",
        ...said(phrase`Too large for git, so not fetched: ${lacking.join(", ")}. Copy them from where it was trained.`),
      });
  } finally {
    journal.close();
  }
}

/** Reads from a ref's history the run's last status, and the commit with the code as it was at the run's start. */
async function statusAndSnapshot(
  store: GitStore,
  id: string,
  commit: string,
): Promise<{ status: unknown; snapshot: string | undefined }> {
  const lines = (
    await store.git.run([
      "log",
      "--first-parent",
      `--max-count=${MOST_COMMITS}`,
      "--format=%H%x00%b%x01",
      "--end-of-options",
      commit,
    ])
  )
    .split("\x01\n")
    .filter((entry) => entry !== "");
  const records = lines.map((entry) => {
    const [name = "", body = ""] = entry.split("\0");
    return { name, record: recordIn(body) };
  });
  const others = records.findIndex(({ record }) => record["id"] !== id);
  const own = others === -1 ? records : records.slice(0, others);
  const oldest = own.at(-1)?.name;
  const isCode = oldest !== undefined && (await runFiles(store, id, oldest)).length === 0;
  return { status: records[0]?.record["status"], snapshot: isCode ? oldest : undefined };
}

function recordIn(body: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
