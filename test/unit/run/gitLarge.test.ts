import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GitShare } from "../../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { readRecord } from "../../../src/run/journal/readJournal.ts";
import { findPrunable, PRUNABLE_KINDS, type PrunableKind } from "../../../src/run/removal/prune.ts";
import { deleteRuns, restoreRuns } from "../../../src/run/removal/trash.ts";
import { committedRun, git, ID, inRepository, record, type Repository } from "./repository.ts";

const LARGE = Buffer.alloc(17 * 2 ** 20, "a run's tensors ");
const HASH = createHash("sha256").update(LARGE).digest("hex");
const DAY = 24 * 3600 * 1000;

/** Creates a run whose result has a large file. */
async function largeRun({ folder, store }: Repository): Promise<string> {
  const runsDir = join(folder, ".adept/runs");
  const run = await committedRun(store, runsDir, ID);
  const source = join(run.adapterPath, "adapter_model.safetensors");
  writeFileSync(source, LARGE);
  await store.result(ID, run.record(), [{ path: "adapter/adapter_model.safetensors", source }]);
  return runsDir;
}

inRepository(
  "a large result is stored outside git by its SHA-256, and the commit has a pointer to it",
  async (repository) => {
    const { folder, store } = repository;
    const state = git(folder, "status", "--porcelain");
    await largeRun(repository);
    assert.deepEqual(readFileSync(join(folder, ".git/adept/large", HASH)), LARGE);
    assert.deepEqual(
      JSON.parse(
        git(folder, "show", `refs/adept/runs/${ID}:adept-results/${ID}/adapter/adapter_model.safetensors.large.json`),
      ),
      { sha256: HASH, bytes: LARGE.length },
    );
    const objects = git(folder, "rev-list", "--objects", `refs/adept/runs/${ID}`)
      .split("\n")
      .map((line) => Number(git(folder, "cat-file", "-s", line.split(" ")[0]!)));
    assert.ok(Math.max(...objects) < 10_000, "no object of git holds it");
    assert.equal(git(folder, "status", "--porcelain"), state);
    const listed = (): string[] =>
      git(folder, "ls-tree", "-r", "--name-only", `refs/adept/runs/${ID}`, "adept-results/")
        .split("\n")
        .filter((path) => path.includes("adapter_model"))
        .map((path) => path.split("/").at(-1)!);
    assert.deepEqual(listed(), ["adapter_model.safetensors.large.json"], "the small one of before is replaced");
    // A file stored twice is kept once.
    await store.large.keep(join(folder, ".adept/runs", ID, "adapter/adapter_model.safetensors"));
    assert.deepEqual(readdirSync(join(folder, ".git/adept/large")), [HASH]);
    const small = join(folder, "../small");
    writeFileSync(small, "small again");
    await store.result(ID, record, [{ path: "adapter/adapter_model.safetensors", source: small }]);
    assert.deepEqual(listed(), ["adapter_model.safetensors"]);
  },
);

inRepository(
  "fetching a run copies its large files if the repository has them, and names them if it does not",
  async (repository) => {
    const { folder } = repository;
    const remote = join(folder, "../remote.git");
    const other = join(folder, "../other");
    await largeRun(repository);
    git(folder, "init", "-q", "--bare", remote);
    git(folder, "push", "-q", remote, "main", `refs/adept/runs/${ID}:refs/adept/runs/${ID}`);
    git(folder, "clone", "-q", "-b", "main", remote, other);
    const store = await openGitStore(other);
    const runsDir = join(other, ".adept/runs");
    const path = join(runsDir, ID, "adapter/adapter_model.safetensors");
    assert.ok(store instanceof GitStore);
    const fetched = async () => {
      rmSync(runsDir, { recursive: true, force: true });
      return new GitShare(store).fetch("origin", runsDir);
    };
    assert.deepEqual(await fetched(), { came: [ID], refused: [] });
    assert.equal(existsSync(path), false);
    assert.ok(
      readRecord(join(runsDir, ID)).record.warnings.some((each) => each.includes("adapter/adapter_model.safetensors")),
    );
    await store.large.keep(join(folder, ".adept/runs", ID, "adapter/adapter_model.safetensors"));
    await fetched();
    assert.deepEqual(readFileSync(path), LARGE);
    assert.deepEqual(readRecord(join(runsDir, ID)).record.warnings, []);
  },
);

inRepository(
  "pruning lists before it deletes, and deletes only stored files that no run and no restorable run names",
  async (repository) => {
    const { folder, store } = repository;
    const runsDir = await largeRun(repository);
    const kept = join(folder, ".git/adept/large", HASH);
    const stray = join(folder, "../stray");
    writeFileSync(stray, "nobody's");
    const { sha256 } = await store.large.keep(stray);
    const now = Date.now();
    const old = new Date(now - 2 * DAY);
    const found = async (kinds: readonly PrunableKind[] = PRUNABLE_KINDS, at = now) =>
      findPrunable({ store, runsDir, now: at }, kinds);
    const hashes = async (): Promise<string[]> => (await found(["files"])).map(({ what }) => what);
    assert.deepEqual(await hashes(), [], "what is young may be about to be named");
    for (const hash of [HASH, sha256]) utimesSync(join(folder, ".git/adept/large", hash), old, old);
    assert.deepEqual(await hashes(), [sha256]);
    await deleteRuns(runsDir, [ID], folder);
    assert.deepEqual(await hashes(), [sha256], "a deleted run's can come back");
    await restoreRuns(runsDir, [ID], folder);
    for (const { remove } of await found(["files"])) await remove();
    assert.deepEqual([existsSync(join(folder, ".git/adept/large", sha256)), existsSync(kept)], [false, true]);
    await deleteRuns(runsDir, [ID], folder);
    assert.deepEqual(await found(["deleted"]), []);
    const later = await found(["deleted"], now + 8 * DAY);
    assert.deepEqual(
      later.map(({ kind, what }) => [kind, what]),
      [["deleted", ID]],
    );
    assert.ok(later[0]!.bytes! > LARGE.length);
    for (const { remove } of later) await remove();
    assert.deepEqual(await hashes(), [HASH]);
  },
);

inRepository(
  "pruning deletes old backups, orphaned work trees and checkpoints of finished runs, and nothing of an open run",
  async ({ folder, store }) => {
    const runsDir = join(folder, ".adept/runs");
    const run = await committedRun(store, runsDir, ID);
    const other = await committedRun(store, runsDir, "20260314-101523-aaaa");
    const commit = git(folder, "rev-parse", "HEAD");
    for (const each of [run, other]) writeFileSync(each.checkpointPath, "moments");
    writeFileSync(
      other.eventsPath,
      readFileSync(other.eventsPath, "utf8")
        .split("\n")
        .filter((line) => !line.includes("finished"))
        .join("\n"),
    );
    git(folder, "update-ref", "refs/adept/backup/20260101-000000-aaaa", commit);
    const kinds = async (now: number): Promise<string[]> =>
      (await findPrunable({ store, runsDir, now }, PRUNABLE_KINDS)).map(({ kind, what }) => `${kind} ${what}`);
    assert.deepEqual(await kinds(Date.now()), [`checkpoints ${ID}`]);
    assert.deepEqual(await kinds(Date.now() + 31 * DAY), [
      "backups refs/adept/backup/20260101-000000-aaaa",
      `checkpoints ${ID}`,
    ]);
    for (const { remove } of await findPrunable({ store, runsDir, now: Date.now() + 31 * DAY }, PRUNABLE_KINDS))
      await remove();
    assert.deepEqual(
      [
        existsSync(run.checkpointPath),
        existsSync(other.checkpointPath),
        git(folder, "for-each-ref", "refs/adept/backup"),
      ],
      [false, true, ""],
    );
  },
);
