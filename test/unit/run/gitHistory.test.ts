import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBranch } from "../../../src/run/git/gitBranch.ts";
import { GitShare } from "../../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { openWorkTree, removeWorkTree } from "../../../src/run/git/gitWorkTree.ts";
import { readRecord } from "../../../src/run/journal/readJournal.ts";
import { listRuns } from "../../../src/run/directory/runList.ts";
import { deleteRuns } from "../../../src/run/removal/trash.ts";
import { committedRun, env, git, ID, inRepository, record } from "./repository.ts";

inRepository(
  "creating a branch at a commit changes nothing else; invalid and taken names are refused",
  async ({ folder, store, state }) => {
    const { commit } = await store.snapshot(ID, record);
    const before = readFileSync(join(folder, ".git/HEAD"), "utf8");
    await makeBranch(store, "tuned/première", commit);
    assert.equal(git(folder, "rev-parse", "tuned/première"), commit);
    assert.equal(readFileSync(join(folder, ".git/HEAD"), "utf8"), before);
    const after = state();
    for (const name of ["tuned/première", "main", "a..b", "-x", "a b", "@{-1}", "x.lock"])
      await assert.rejects(makeBranch(store, name, commit), /branch/i, name);
    assert.deepEqual(state(), after);
  },
);

inRepository(
  "a run's work tree has the commit's files, runs no hook and is deleted without a trace",
  async ({ folder, store, write, state }) => {
    const { commit } = await store.snapshot(ID, record);
    const run = join(folder, ".adept/runs", ID);
    const tree = join(folder, ".adept/worktrees", ID);
    write("a.py", "edited since\n");
    const before = state();
    assert.equal(await openWorkTree(store, run, commit), tree);
    assert.equal(readFileSync(join(tree, "a.py"), "utf8"), "one\n");
    assert.equal(readFileSync(join(tree, "sub dir/-ü:.txt"), "utf8"), "two\n");
    writeFileSync(join(tree, "a.py"), "edited in it\n");
    await openWorkTree(store, run, commit);
    assert.equal(readFileSync(join(tree, "a.py"), "utf8"), "one\n", "laid out again as it was");
    await removeWorkTree(store, run);
    assert.equal(existsSync(tree), false);
    assert.equal(git(folder, "worktree", "list").split("\n").length, 1);
    assert.deepEqual(state(), before);
  },
);

inRepository("deleting a run deletes its work tree", async ({ folder, store }) => {
  const runsDir = join(folder, ".adept/runs");
  const run = await committedRun(store, runsDir, ID);
  const tree = await openWorkTree(store, run.path, git(folder, "rev-parse", "HEAD"));
  await deleteRuns(runsDir, [ID], folder);
  assert.deepEqual([existsSync(tree), git(folder, "worktree", "list").split("\n").length], [false, 1]);
});

inRepository(
  "pushed runs are fetched byte for byte elsewhere; what a push sends is listed before it",
  async ({ folder, store, write }) => {
    const remote = join(folder, "../remote.git");
    const other = join(folder, "../other");
    git(folder, "init", "-q", "--bare", remote);
    git(folder, "remote", "add", "origin", remote);
    git(folder, "push", "-q", "origin", "main");
    git(folder, "fetch", "-q", "origin");
    write("extra.py", "untracked code\n");
    write(".gitignore", "*.log\n.adept\n");
    const run = await committedRun(store, join(folder, ".adept/runs"), ID);
    const share = new GitShare(store);
    const preview = await share.preview("origin", [ID]);
    assert.deepEqual(await share.remotes(), ["origin"]);
    assert.equal(preview.commits, 2);
    const leaving = preview.files.map(({ path }) => path);
    assert.ok(
      leaving.includes("extra.py") &&
        leaving.includes(`adept-results/${ID}/adapter/adapter_model.safetensors`) &&
        !leaving.includes("a.py"),
      leaving.join(),
    );
    assert.equal(
      preview.bytes,
      preview.files.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    assert.equal(git(folder, "ls-remote", "origin", "refs/adept/*"), "", "nothing leaves by looking");
    await share.push("origin", [ID]);
    git(folder, "clone", "-q", remote, other);
    const there = await openGitStore(other);
    const runsDir = join(other, ".adept/runs");
    assert.ok(there instanceof GitStore);
    assert.deepEqual(await new GitShare(there).fetch("origin", runsDir), { came: [ID], refused: [] });
    const [fetched] = listRuns(runsDir);
    assert.equal(fetched?.id, ID);
    assert.deepEqual(
      readFileSync(join(fetched.adapterPath, "adapter_model.safetensors")),
      readFileSync(join(run.adapterPath, "adapter_model.safetensors")),
      "also where bytes look like line ends",
    );
    const now = readRecord(fetched.path).record;
    assert.deepEqual(
      [now.status, now.evaluations[0]!.metrics["accuracy"], now.lastStep!.step, now.resultCommit],
      ["finished", 0.875, 3, git(folder, "rev-parse", `refs/adept/runs/${ID}`)],
    );
    assert.deepEqual(await new GitShare(there).fetch("origin", runsDir), { came: [], refused: [] });
    assert.equal(git(other, "status", "--porcelain"), "", "the clone is as clean as before");
  },
);

inRepository(
  "the preview of a push names possible secrets; a malicious run is not fetched",
  async ({ folder, store, write }) => {
    const remote = join(folder, "../remote.git");
    const other = join(folder, "../other");
    const evil = "20260314-101522-evil";
    git(folder, "init", "-q", "--bare", remote);
    git(folder, "remote", "add", "origin", remote);
    write("id_rsa", "tracked by mistake\n");
    git(folder, "add", "-f", "id_rsa");
    git(folder, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "oops");
    await committedRun(store, join(folder, ".adept/runs"), ID);
    assert.deepEqual(
      (await new GitShare(store).preview("origin", [ID])).files.filter(({ secret }) => secret).map(({ path }) => path),
      ["id_rsa"],
    );
    // A symbolic link out of the folder, and a run without a valid experiment.
    const blob = execFileSync("git", ["hash-object", "-w", "--stdin"], {
      cwd: folder,
      env,
      input: "/etc/passwd",
      encoding: "utf8",
    }).trim();
    const index = { ...env, GIT_INDEX_FILE: join(folder, "../evil-index") };
    execFileSync(
      "git",
      ["update-index", "--add", "--cacheinfo", `120000,${blob},.adept/runs/${evil}/experiment.json`],
      { cwd: folder, env: index },
    );
    const tree = execFileSync("git", ["write-tree"], { cwd: folder, env: index, encoding: "utf8" }).trim();
    const commit = git(folder, "commit-tree", tree, "-m", "evil");
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
  },
);
