import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Experiment } from "../../../src/experiment/experiment.ts";
import { makeBranch } from "../../../src/run/git/gitBranch.ts";
import { GitRestore } from "../../../src/run/git/gitRestore.ts";
import { GitShare } from "../../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { openWorkTree, removeWorkTree } from "../../../src/run/git/gitWorkTree.ts";
import { readJournal } from "../../../src/run/journal/readJournal.ts";
import type { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { listRuns } from "../../../src/run/directory/runList.ts";
import { journalSize, readIndex, writeIndex } from "../../../src/run/directory/runIndex.ts";
import { deleteRuns, restoreRuns } from "../../../src/run/removal/trash.ts";
import { committedRun, experiment, git, ID, inRepository, record } from "./repository.ts";

const OTHER = ID.replace("k3f9", "evil");
const zeros = "0".repeat(40);
const gitLine = (commit: string): string => `${JSON.stringify({ type: "git", time: 1, kind: "snapshot", commit })}\n`;

/** Pushes a run as somebody else could have written it, and fetches it in a clone. */
async function fetched(
  folder: string,
  store: GitStore,
  { own, journal }: { own: object; journal: string },
): Promise<{ run: RunDirectory; there: GitStore; refused: unknown[] }> {
  const remote = join(folder, "../remote.git");
  const clone = join(folder, "../clone");
  const files = join(folder, "../files");
  git(folder, "init", "-q", "--bare", remote);
  git(folder, "remote", "add", "origin", remote);
  mkdirSync(files);
  writeFileSync(join(files, "experiment.json"), JSON.stringify({ ...experiment, ...own }));
  const run = await committedRun(store, join(folder, ".adept/runs"), ID);
  const { commit: snapshot } = await store.snapshot(OTHER, { ...record, id: OTHER });
  writeFileSync(join(files, "events.jsonl"), readFileSync(run.eventsPath, "utf8").replaceAll(ID, OTHER) + journal);
  await store.result(
    OTHER,
    { ...record, id: OTHER, status: "stopped" },
    ["experiment.json", "events.jsonl"].map((path) => ({ path, source: join(files, path) })),
  );
  git(folder, "push", "-q", "origin", "main", "refs/adept/runs/*:refs/adept/runs/*");
  git(folder, "clone", "-q", "-b", "main", remote, clone);
  const there = await openGitStore(clone);
  assert.ok(there instanceof GitStore);
  const { refused } = await new GitShare(there).fetch("origin", join(clone, ".adept/runs"));
  const took = listRuns(join(clone, ".adept/runs")).find(({ id }) => id === OTHER)!;
  assert.equal(took.record().snapshotCommit, snapshot);
  return { run: took, there, refused };
}

inRepository(
  "the commits of a fetched run are those of its ref, whatever its journal says; git gets no option in their place",
  async ({ folder, store }) => {
    const victim = join(folder, "../thesis");
    const option = `--output=${victim}`;
    writeFileSync(victim, "mine\n");
    const { run, there } = await fetched(folder, store, {
      own: {},
      journal:
        gitLine(option) +
        gitLine("f".repeat(40)) +
        `${JSON.stringify({ type: "warning", time: 2, message: "kept" })}\n`,
    });
    const { resultCommit, status, warnings } = run.record();
    assert.deepEqual(
      [resultCommit, status, warnings],
      [git(folder, "rev-parse", `refs/adept/runs/${OTHER}`), "stopped", ["kept"]],
    );
    assert.equal(readFileSync(run.eventsPath, "utf8").includes("--output"), false);
    for (const work of [
      () => there.changedFiles(option, zeros),
      () => there.changedFiles(resultCommit!, option),
      () => there.fileAt(option, "x"),
      () => there.remove(OTHER, option),
      () => there.restoreRef(ID.replace("k3f9", "aaaa"), "--stdin"),
      () => makeBranch(there, "x", option),
      () => new GitRestore(there).differences(option),
      () => new GitRestore(there).restore(option, ["a.py"]),
      () => new GitRestore(there).undo(option),
      () => openWorkTree(there, run.path, option),
      () => there.snapshotOf(OTHER, record, option),
    ]) {
      await assert.rejects(async () => {
        await work();
      }, /is no commit/);
    }
    assert.equal(readFileSync(victim, "utf8"), "mine\n");
  },
);

inRepository(
  "an event with an invalid commit id counts as one damaged line: journal, index and trash are read without it",
  async ({ folder, store }) => {
    const runsDir = join(folder, ".adept/runs");
    const run = await committedRun(store, runsDir, ID);
    const option = "--output=x";
    appendFileSync(
      run.eventsPath,
      gitLine(option) +
        `${JSON.stringify({ type: "git", time: 1, kind: "result", ref: "refs/heads/main" })}\n` +
        `${JSON.stringify({ type: "sources", time: 1, paths: { "/a": "../../b" } })}\n`,
    );
    const { bad } = readJournal(run.path);
    const now = run.record();
    assert.deepEqual(
      [bad, now.snapshotCommit, now.ref, now.sources, now.status],
      [3, undefined, undefined, {}, "finished"],
    );
    writeIndex(runsDir, [[ID, { size: journalSize(run.path), record: { ...now, snapshotCommit: option } }]]);
    assert.equal(readIndex(runsDir).size, 0);
    writeIndex(runsDir, [[ID, { size: journalSize(run.path), record: { ...now, snapshotCommit: zeros } }]]);
    assert.equal(readIndex(runsDir).get(ID)?.record.snapshotCommit, zeros);
    await deleteRuns(runsDir, [ID], folder);
    writeFileSync(join(runsDir, "../trash", ID, "deleted.json"), JSON.stringify({ at: Date.now(), commit: "--stdin" }));
    await restoreRuns(runsDir, [ID], folder);
    assert.equal(listRuns(runsDir)[0]?.id, ID);
  },
);

inRepository(
  "a fetched run loses what it claims to reproduce, and with it the name of a folder",
  async ({ folder, store }) => {
    const precious = join(folder, "../precious");
    mkdirSync(precious);
    const { run, refused } = await fetched(folder, store, {
      own: { reproduces: { run: ID, path: "/nonexistent", tree: precious } },
      journal: "",
    });
    assert.deepEqual(refused, []);
    assert.equal(
      "reproduces" in (JSON.parse(readFileSync(join(run.path, "experiment.json"), "utf8")) as Experiment),
      false,
    );
    assert.equal(run.experiment().reproduces, undefined);
  },
);

inRepository(
  "a folder under worktrees is deleted only if git made it there, and not if a link leads elsewhere",
  async ({ folder, store }) => {
    const { commit } = await store.snapshot(ID, record);
    const runs = join(folder, ".adept/runs");
    const run = join(runs, ID);
    const trees = join(folder, ".adept/worktrees");
    const elsewhere = join(folder, "../elsewhere");
    const stays = async (path: string, of = run): Promise<void> => {
      await removeWorkTree(store, of);
      assert.ok(existsSync(join(path, "thesis.tex")));
    };
    const thesis = (path: string): void => {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "thesis.tex"), "mine\n");
    };
    thesis(join(trees, ID));
    await stays(join(trees, ID));
    await assert.rejects(openWorkTree(store, run, commit), /there already/);
    // The user's own work tree, and a symbolic link to it under the run's name.
    git(folder, "worktree", "add", "-q", "--detach", "--no-checkout", elsewhere, commit);
    thesis(elsewhere);
    symlinkSync(elsewhere, join(trees, OTHER));
    await stays(elsewhere, join(runs, OTHER));
    for (const odd of [
      join(runs, ".."),
      join(runs, "..", "worktrees", ".."),
      join(runs, "x"),
      join(dirname(folder), "runs", ID),
    ])
      await stays(elsewhere, odd);
    assert.equal(git(folder, "worktree", "list").split("\n").length, 2);
  },
);
