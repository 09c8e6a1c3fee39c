import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { FileDigest } from "../../base/fileDigest.ts";
import { pointedAt, readPointer, RESULTS } from "../git/gitResults.ts";
import type { GitStore } from "../git/gitStore.ts";
import { removeWorkTree } from "../git/gitWorkTree.ts";
import { readRuns } from "../directory/runList.ts";
import type { RunDirectory } from "../directory/runDirectory.ts";
import { deletedRuns } from "./trash.ts";

const DAY = 24 * 3600 * 1000;
const BACKUPS_KEPT = 30 * DAY;
const BACKUPS = "refs/adept/backup";

/**
 * The kinds of things that can be deleted: runs deleted a week ago, backups of restored files after a month, work trees
 * of runs that are not in training, stored files that no run names, checkpoints of finished runs.
 */
export const PRUNABLE_KINDS = ["deleted", "backups", "worktrees", "files", "checkpoints"] as const;
/** One of `PRUNABLE_KINDS`. */
export type PrunableKind = (typeof PRUNABLE_KINDS)[number];
/** Something that can be deleted. */
export interface Prunable {
  kind: PrunableKind;
  /** A run's id, a ref, or a path, for display. */
  what: string;
  /** The size of its files; undefined for a backup, whose space git frees later. */
  bytes: number | undefined;
  /** Deletes it. */
  remove: () => void | Promise<void>;
}

/** Where to look for things to delete. */
export interface PruneContext {
  /** The repository, if there is one. */
  store: GitStore | undefined;
  runsDir: string;
  /** Milliseconds since the epoch. */
  now: number;
}

function bytesIn(path: string): number {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return 0;
  return entry.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0) : entry.size;
}

const removable = (kind: PrunableKind, what: string, path: string): Prunable => ({
  kind,
  what,
  bytes: bytesIn(path),
  remove: () => {
    rmSync(path, { recursive: true, force: true });
  },
});

async function backups({ store, now }: PruneContext): Promise<Prunable[]> {
  if (store === undefined) return [];
  const lines = (
    await store.git.run(["for-each-ref", BACKUPS, "--format=%(refname) %(objectname) %(committerdate:unix)"])
  )
    .split("\n")
    .filter((line) => line !== "");
  return lines.flatMap((line) => {
    const [ref = "", commit = "", at = "0"] = line.split(" ");
    return now - Number(at) * 1000 < BACKUPS_KEPT
      ? []
      : [
          {
            kind: "backups",
            what: ref,
            bytes: undefined,
            remove: async () => {
              await store.git.run(["update-ref", "-d", "--end-of-options", ref, commit]);
            },
          } satisfies Prunable,
        ];
  });
}

/** Finds work trees that a process has left behind. A stopped run can be resumed and needs its work tree. */
function workTrees({ store, runsDir }: PruneContext, runs: ReadonlyMap<string, RunDirectory>): Prunable[] {
  const folder = join(dirname(runsDir), "worktrees");
  if (store === undefined || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((id) => {
      const run = runs.get(id);
      return run === undefined || (run.record().status === "finished" && !run.isWorkerAlive());
    })
    .map((id) => ({
      kind: "worktrees",
      what: join(folder, id),
      bytes: bytesIn(join(folder, id)),
      remove: () => removeWorkTree(store, join(runsDir, id)),
    }));
}

/** The part of a commit's record that is used here; older records have no contents. */
const RecordContents = z.looseObject({ contents: z.record(z.string(), FileDigest).default({}) });

/** Returns the SHA-256 of every stored file that a run's commit names: inputs and large results. */
async function namedBy(
  store: GitStore,
  commit: string,
  contents: Readonly<Record<string, FileDigest>>,
): Promise<string[]> {
  const pointers = (await store.entries(commit, RESULTS)).filter(({ path }) => pointedAt(path) !== undefined);
  const pointed: string[] = [];
  for (const { object } of pointers)
    try {
      pointed.push(readPointer(await store.git.run(["cat-file", "blob", "--end-of-options", object])).sha256);
    } catch {
      /* a damaged pointer names no file */
    }
  return [...pointed, ...Object.values(contents).map(({ sha256 }) => sha256)];
}

/**
 * Finds stored files that no run of the repository and no run in the trash names. Files younger than a day may be about
 * to be named.
 */
async function files(
  { store, runsDir, now }: PruneContext,
  runs: ReadonlyMap<string, RunDirectory>,
): Promise<Prunable[]> {
  if (store === undefined) return [];
  const kept = store.large.list().filter(({ since }) => now - since > DAY);
  const named = new Set<string>();
  if (kept.length === 0) return [];
  for (const { commit, record } of await store.list()) {
    const naming = RecordContents.safeParse(record);
    // What an unreadable record names is unknown, so nothing may be deleted.
    if (!naming.success) return [];
    for (const hash of await namedBy(store, commit, naming.data.contents)) named.add(hash);
  }
  for (const { commit, record } of deletedRuns(runsDir)) {
    for (const { sha256 } of Object.values(record.contents)) named.add(sha256);
    if (commit !== undefined) for (const hash of await namedBy(store, commit, {})) named.add(hash);
  }
  for (const run of runs.values()) for (const { sha256 } of Object.values(run.record().contents)) named.add(sha256);
  return kept
    .filter(({ name, whole }) => !whole || !named.has(name))
    .map(({ name, path }) => removable("files", name, path));
}

/** Finds the checkpoints of finished runs, which have their best state in the adapter. */
const checkpoints = (runs: ReadonlyMap<string, RunDirectory>): Prunable[] =>
  [...runs.values()]
    .filter(
      (run) =>
        run.record().status === "finished" &&
        existsSync(dirname(run.checkpointPath)) &&
        readdirSync(dirname(run.checkpointPath)).length > 0,
    )
    .map((run) => {
      const folder = dirname(run.checkpointPath);
      return {
        kind: "checkpoints",
        what: run.id,
        bytes: bytesIn(folder),
        remove: () => {
          for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
        },
      };
    });

/**
 * Finds everything that can be deleted. Nothing is deleted before `remove` is called.
 * @param kinds which kinds to look for
 */
export async function findPrunable(context: PruneContext, kinds: readonly PrunableKind[]): Promise<Prunable[]> {
  const runs = new Map(
    readRuns(context.runsDir, () => {
      /* an unreadable run is left alone */
    }).map(({ run }) => [run.id, run]),
  );
  const of: Record<PrunableKind, () => Prunable[] | Promise<Prunable[]>> = {
    deleted: () =>
      deletedRuns(context.runsDir)
        .filter(({ expired }) => expired(context.now))
        .map(({ id, path }) => removable("deleted", id, path)),
    backups: () => backups(context),
    worktrees: () => workTrees(context, runs),
    files: () => files(context, runs),
    checkpoints: () => checkpoints(runs),
  };
  const found: Prunable[] = [];
  for (const kind of kinds) found.push(...(await of[kind]()));
  return found;
}
