import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBranch } from "../../../src/run/git/gitBranch.ts";
import { GitShare } from "../../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { listRuns } from "../../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { committedRun, git, ID, inRepository } from "./repository.ts";

/** Maps every file of a run's folder to its content. */
const filesOf = (run: RunDirectory): Record<string, string> =>
  Object.fromEntries(
    readdirSync(run.path, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => [join(each.parentPath, each.name), readFileSync(join(each.parentPath, each.name), "base64")]),
  );

/** Checks out the branch and goes back with the user's own git; hooks are not tested here. */
function there(folder: string): void {
  rmSync(join(folder, ".git/hooks"), { recursive: true, force: true });
  git(folder, "switch", "-q", "tuned");
  git(folder, "switch", "-q", "main");
}

/** Makes a run's commit as older versions did, with its files at the path of the live run. */
function commitAsBefore(folder: string, run: RunDirectory): string {
  const ref = `refs/adept/runs/${run.id}`;
  const snapshot = git(folder, "rev-parse", `${ref}^`);
  const message = git(folder, "log", "-1", "--format=%B", ref);
  const old = join(folder, "../old");
  git(folder, "-c", "core.hooksPath=/dev/null", "worktree", "add", "-q", "--detach", old, snapshot);
  for (const name of ["experiment.json", "events.jsonl", "adapter/adapter_model.safetensors"])
    git(
      old,
      "update-index",
      "--add",
      "--cacheinfo",
      `100644,${git(folder, "hash-object", "-w", "--no-filters", join(run.path, name))},.adept/runs/${run.id}/${name}`,
    );
  const commit = git(folder, "commit-tree", "-p", snapshot, "-m", message, git(old, "write-tree"));
  git(folder, "update-ref", ref, commit);
  git(folder, "worktree", "remove", "--force", old);
  return commit;
}

inRepository(
  "checking out a run's branch and going back leaves the live run unchanged; the branch has code and result",
  async ({ folder, store }) => {
    const run = await committedRun(store, join(folder, ".adept/runs"), ID);
    const before = filesOf(run);
    await makeBranch(store, "tuned", git(folder, "rev-parse", `refs/adept/runs/${ID}`));
    assert.equal(git(folder, "ls-tree", "-r", "--name-only", "tuned", ".adept"), "");
    assert.match(git(folder, "show", `tuned:adept-results/${ID}/experiment.json`), /"shared"/);
    there(folder);
    assert.deepEqual(filesOf(run), before);
    assert.equal(existsSync(join(folder, "adept-results")), false);
  },
);

inRepository(
  "the same holds for a run committed by an older version, which can still be fetched and analysed",
  async ({ folder, store, read }) => {
    const run = await committedRun(store, join(folder, ".adept/runs"), ID);
    const before = filesOf(run);
    const remote = join(folder, "../remote.git");
    const clone = join(folder, "../clone");
    const commit = commitAsBefore(folder, run);
    await makeBranch(store, "tuned", commit);
    assert.equal(git(folder, "rev-parse", "tuned^"), git(folder, "rev-parse", `${commit}^`), "on top of the code");
    there(folder);
    assert.deepEqual(filesOf(run), before);
    assert.equal(read("a.py"), "one\n");

    git(folder, "init", "-q", "--bare", remote);
    git(folder, "push", "-q", remote, "main", "refs/adept/runs/*:refs/adept/runs/*");
    git(folder, "clone", "-q", "-b", "main", remote, clone);
    const other = await openGitStore(clone);
    const runsDir = join(clone, ".adept/runs");
    assert.ok(other instanceof GitStore);
    assert.deepEqual(await new GitShare(other).fetch("origin", runsDir), { came: [ID], refused: [] });
    assert.deepEqual(
      readFileSync(join(listRuns(runsDir)[0]!.adapterPath, "adapter_model.safetensors")),
      readFileSync(join(run.adapterPath, "adapter_model.safetensors")),
    );

    // A further result moves the files of the older version, and does not replace a newer file of the same name.
    writeFileSync(join(folder, "../new.json"), '{"newer":1}');
    const result = await store.result(ID, run.record(), [
      { path: "analysis/x.json", source: join(folder, "../new.json") },
      { path: "experiment.json", source: join(folder, "../new.json") },
    ]);
    assert.equal(git(folder, "ls-tree", "-r", "--name-only", result.commit, ".adept"), "");
    assert.equal(git(folder, "show", `${result.commit}:adept-results/${ID}/experiment.json`), '{"newer":1}');
    assert.ok(git(folder, "ls-tree", "-r", "--name-only", result.commit, "adept-results").includes("events.jsonl"));
  },
);
