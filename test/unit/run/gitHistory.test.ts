import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { fold } from "../../../src/experiment/record.ts";
import { addWorkTree, makeBranch, removeWorkTree } from "../../../src/run/gitBranch.ts";
import { GitRestore } from "../../../src/run/gitRestore.ts";
import { GitShare } from "../../../src/run/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/gitStore.ts";
import { announceRun, Journal, readRecord } from "../../../src/run/journal.ts";
import { listRuns, RunDirectory } from "../../../src/run/runDirectory.ts";

const ID = "20260314-101522-k3f9", record = { ...fold([]), id: ID, name: "a run" };
const env = { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
const git = (folder: string, ...args: string[]): string => execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

interface Repository { folder: string; store: GitStore; write: (path: string, text: string) => void; read: (path: string) => string | undefined; state: () => object }

function inRepository(name: string, work: (repository: Repository) => Promise<void>): void {
  test(name, async () => {
    const root = mkdtempSync(join(tmpdir(), "adept git ")), folder = join(root, "répo");
    mkdirSync(join(folder, "sub dir"), { recursive: true });
    git(folder, "init", "-q", "--initial-branch=main");
    const write = (path: string, text: string): void => { writeFileSync(join(folder, path), text); }, read = (path: string): string | undefined => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : undefined);
    write("a.py", "one\n");
    write("sub dir/-ü:.txt", "two\n");
    write(".gitignore", "*.log\n");
    git(folder, "add", "-A");
    git(folder, "commit", "-qm", "base");
    // Hooks that would be seen, were they run.
    for (const hook of ["post-checkout", "pre-commit", "post-commit"]) writeFileSync(join(folder, ".git/hooks", hook), `#!/bin/sh\necho ${hook} >> "${root}/hooks"\nexit 1\n`, { mode: 0o755 });
    const index = join(folder, ".git/index"), state = (): object => ({ index: createHash("sha256").update(readFileSync(index)).digest("hex"), time: statSync(index).mtimeMs, head: readFileSync(join(folder, ".git/HEAD"), "utf8"), heads: git(folder, "for-each-ref", "refs/heads") });
    const opened = await openGitStore(folder);
    assert.ok(opened instanceof GitStore);
    try {
      await work({ folder, store: opened, write, read, state });
      assert.equal(existsSync(join(root, "hooks")), false, "no hook has run");
    } finally { rmSync(root, { recursive: true, force: true }); }
  });
}

inRepository("restore lists what differs, keeps a backup of it, writes the run's files, and undo brings back what was there", async ({ folder, store, write, read, state }) => {
  write("new.txt", "untracked then\n");
  const { commit } = await store.snapshot(ID, record), restore = new GitRestore(store);
  assert.deepEqual(await restore.differences(commit), []);
  write("a.py", "edited since\n");
  rmSync(join(folder, "sub dir/-ü:.txt"));
  write("new.txt", "edited too\n");
  write("later.txt", "not in the run\n");
  const before = state();
  assert.deepEqual(await restore.differences(commit), [{ path: "a.py", status: "changed" }, { path: "new.txt", status: "changed" }, { path: "sub dir/-ü:.txt", status: "gone" }]);
  writeFileSync(join(folder, ".git/index.lock"), "");
  const { backup, ref } = await restore.restore(commit, ["a.py", "sub dir/-ü:.txt"]);
  rmSync(join(folder, ".git/index.lock"));
  assert.deepEqual([read("a.py"), read("sub dir/-ü:.txt"), read("new.txt"), read("later.txt")], ["one\n", "two\n", "edited too\n", "not in the run\n"], "those chosen, no others");
  assert.deepEqual(state(), before, "index, HEAD and branches are as before");
  assert.equal(git(folder, "rev-parse", ref), backup);
  assert.equal(git(folder, "show", `${backup}:a.py`), "edited since");
  await restore.undo(backup, ["a.py", "sub dir/-ü:.txt"]);
  assert.deepEqual([read("a.py"), read("sub dir/-ü:.txt")], ["edited since\n", undefined]);
});

inRepository("a file that the snapshot would leave out is in the backup all the same", async ({ folder, store, write, read }) => {
  write("data.log", "ignored, small\n");
  git(folder, "add", "-f", "data.log");
  const { commit } = await store.snapshot(ID, record), restore = new GitRestore(store);
  git(folder, "rm", "-q", "--cached", "data.log");
  write("data.log", `ignored again ${"x".repeat(2 * 1024 * 1024)}`);
  const { backup } = await restore.restore(commit, ["data.log"]);
  assert.equal(read("data.log"), "ignored, small\n");
  await restore.undo(backup, ["data.log"]);
  assert.match(read("data.log") ?? "", /^ignored again/);
});

inRepository("a branch is made at a commit and nothing else changes; names that are none, or taken, are refused", async ({ folder, store, state }) => {
  const { commit } = await store.snapshot(ID, record), before = readFileSync(join(folder, ".git/HEAD"), "utf8");
  await makeBranch(store, "tuned/première", commit);
  assert.equal(git(folder, "rev-parse", "tuned/première"), commit);
  assert.equal(readFileSync(join(folder, ".git/HEAD"), "utf8"), before);
  const after = state();
  for (const name of ["tuned/première", "main", "a..b", "-x", "a b", "@{-1}", "x.lock"]) await assert.rejects(makeBranch(store, name, commit), /branch/i, name);
  assert.deepEqual(state(), after);
});

inRepository("a work tree of its own has the commit's files, runs no hook and goes without a trace", async ({ folder, store, write, state }) => {
  const { commit } = await store.snapshot(ID, record), tree = join(folder, ".adept/worktrees/x");
  write("a.py", "edited since\n");
  const before = state();
  await addWorkTree(store, tree, commit);
  assert.equal(readFileSync(join(tree, "a.py"), "utf8"), "one\n");
  assert.equal(readFileSync(join(tree, "sub dir/-ü:.txt"), "utf8"), "two\n");
  await assert.rejects(addWorkTree(store, tree, commit), /there already/);
  await removeWorkTree(store, tree);
  assert.equal(existsSync(tree), false);
  assert.equal(git(folder, "worktree", "list").split("\n").length, 1);
  assert.deepEqual(state(), before);
});

const experiment = ResolvedExperiment.parse({ name: "shared", task: { kind: "mail" }, method: { kind: "adept" } });
async function committedRun(store: GitStore, runsDir: string, id: string): Promise<RunDirectory> {
  const run = RunDirectory.create(runsDir, id, experiment), journal = new Journal(run.path);
  announceRun(id, experiment, journal);
  journal.append({ type: "step", step: 3, loss: 0.5, learningRate: {}, gradientNorm: {}, updateRatio: {}, tokensPerSecond: 1, secondsLeft: 0 });
  journal.append({ type: "evaluation", step: 3, split: "test", loss: 0.4, metrics: { accuracy: 0.875 }, examples: 8 });
  mkdirSync(run.adapterPath);
  writeFileSync(join(run.adapterPath, "adapter_model.safetensors"), Buffer.from([0, 255, 13, 10, 128, 0, 13, 10]));
  await store.snapshot(id, run.record());
  await store.result(id, { ...run.record(), status: "finished" }, [{ path: "experiment.json", source: join(run.path, "experiment.json") }, { path: "events.jsonl", source: run.eventsPath }, { path: "adapter/adapter_model.safetensors", source: join(run.adapterPath, "adapter_model.safetensors") }]);
  journal.append({ type: "status", status: "finished" });
  journal.close();
  return run;
}

inRepository("runs pushed by one are fetched whole by another, byte for byte; what leaves is listed first", async ({ folder, store, write }) => {
  const remote = join(folder, "../remote.git"), other = join(folder, "../other");
  git(folder, "init", "-q", "--bare", remote);
  git(folder, "remote", "add", "origin", remote);
  git(folder, "push", "-q", "origin", "main");
  git(folder, "fetch", "-q", "origin");
  write("extra.py", "untracked code\n");
  write(".gitignore", "*.log\n.adept\n");
  const run = await committedRun(store, join(folder, ".adept/runs"), ID), share = new GitShare(store), preview = await share.preview("origin", [ID]);
  assert.deepEqual(await share.remotes(), ["origin"]);
  assert.equal(preview.commits, 2);
  const leaving = preview.files.map(({ path }) => path);
  assert.ok(leaving.includes("extra.py") && leaving.includes(`adept-results/${ID}/adapter/adapter_model.safetensors`) && !leaving.includes("a.py"), leaving.join());
  assert.equal(preview.bytes, preview.files.reduce((sum, { bytes }) => sum + bytes, 0));
  assert.equal(git(folder, "ls-remote", "origin", "refs/adept/*"), "", "nothing leaves by looking");
  await share.push("origin", [ID]);
  git(folder, "clone", "-q", remote, other);
  const there = await openGitStore(other), runsDir = join(other, ".adept/runs");
  assert.ok(there instanceof GitStore);
  assert.deepEqual(await new GitShare(there).fetch("origin", runsDir), { came: [ID], refused: [] });
  const [fetched] = listRuns(runsDir);
  assert.equal(fetched?.id, ID);
  assert.deepEqual(readFileSync(join(fetched.adapterPath, "adapter_model.safetensors")), readFileSync(join(run.adapterPath, "adapter_model.safetensors")), "also where bytes look like line ends");
  const now = readRecord(fetched.path).record;
  assert.deepEqual([now.status, now.evaluations[0]!.metrics["accuracy"], now.lastStep!.step, now.resultCommit], ["finished", 0.875, 3, git(folder, "rev-parse", `refs/adept/runs/${ID}`)]);
  assert.deepEqual(await new GitShare(there).fetch("origin", runsDir), { came: [], refused: [] });
  assert.equal(git(other, "status", "--porcelain", "--untracked-files=no"), "");
});

inRepository("what may hold a secret is named; a run made to harm is not taken over", async ({ folder, store, write }) => {
  const remote = join(folder, "../remote.git"), other = join(folder, "../other"), evil = "20260314-101522-evil";
  git(folder, "init", "-q", "--bare", remote);
  git(folder, "remote", "add", "origin", remote);
  write("id_rsa", "tracked by mistake\n");
  git(folder, "add", "-f", "id_rsa");
  git(folder, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "oops");
  await committedRun(store, join(folder, ".adept/runs"), ID);
  assert.deepEqual((await new GitShare(store).preview("origin", [ID])).files.filter(({ secret }) => secret).map(({ path }) => path), ["id_rsa"]);
  // A link out of the folder, and a run whose experiment is none.
  const blob = execFileSync("git", ["hash-object", "-w", "--stdin"], { cwd: folder, env, input: "/etc/passwd", encoding: "utf8" }).trim(), index = { ...env, GIT_INDEX_FILE: join(folder, "../evil-index") };
  execFileSync("git", ["update-index", "--add", "--cacheinfo", `120000,${blob},.adept/runs/${evil}/experiment.json`], { cwd: folder, env: index });
  const tree = execFileSync("git", ["write-tree"], { cwd: folder, env: index, encoding: "utf8" }).trim(), commit = git(folder, "commit-tree", tree, "-m", "evil");
  git(folder, "update-ref", `refs/adept/runs/${evil}`, commit);
  git(folder, "update-ref", "refs/adept/runs/..evil".replace("..", "x/"), commit);
  git(folder, "push", "-q", "origin", "refs/heads/*:refs/heads/*", "refs/adept/runs/*:refs/adept/runs/*");
  git(folder, "clone", "-q", remote, other);
  const there = await openGitStore(other);
  assert.ok(there instanceof GitStore);
  const { came, refused } = await new GitShare(there).fetch("origin", join(other, ".adept/runs"));
  assert.deepEqual(came, [ID]);
  assert.deepEqual(refused.map(({ id }) => id).sort(), [evil, "x/evil"].sort());
  assert.equal(existsSync(join(other, ".adept/runs", evil)), false);
});
