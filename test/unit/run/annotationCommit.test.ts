import assert from "node:assert/strict";
import { join } from "node:path";
import { commitAnnotation } from "../../../src/run/git/annotationCommit.ts";
import { GitShare } from "../../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { Journal } from "../../../src/run/journal/journal.ts";
import { annotateRun } from "../../../src/run/journal/sharedJournal.ts";
import { readRecord } from "../../../src/run/journal/readJournal.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { committedRun, experiment, git, ID, inRepository } from "./repository.ts";

inRepository(
  "an annotation becomes a commit on top of the run's result and is pushed with it; nothing else changes",
  async ({ folder, store, state }) => {
    const runsDir = join(folder, ".adept/runs");
    const run = await committedRun(store, runsDir, ID);
    const before = state();
    const result = await store.commitOf(ID);
    annotateRun(run.path, { tags: ["baseline", "paper"], note: "first that converged" });
    const commit = await commitAnnotation(run, folder);
    assert.deepEqual(
      [git(folder, "rev-parse", `${commit!}^`), git(folder, "rev-parse", `refs/adept/runs/${ID}`)],
      [result, commit],
    );
    assert.deepEqual(state(), before);
    const committed = JSON.parse(git(folder, "log", "-1", "--format=%b", commit!)) as { tags: string[]; note: string };
    assert.deepEqual(
      [committed.tags, committed.note, run.record().resultCommit],
      [["baseline", "paper"], "first that converged", commit],
    );
    assert.equal(git(folder, "diff", "--name-only", `${commit!}^`, commit!), `adept-results/${ID}/events.jsonl`);
    const remote = join(folder, "../remote.git");
    const other = join(folder, "../other");
    git(folder, "init", "-q", "--bare", remote);
    git(folder, "push", "-q", remote, "main", `refs/adept/runs/${ID}:refs/adept/runs/${ID}`);
    git(folder, "clone", "-q", "-b", "main", remote, other);
    const theirs = await openGitStore(other);
    assert.ok(theirs instanceof GitStore);
    await new GitShare(theirs).fetch("origin", join(other, ".adept/runs"));
    const { record } = readRecord(join(other, ".adept/runs", ID));
    assert.deepEqual(
      [record.tags, record.note, record.status],
      [["baseline", "paper"], "first that converged", "finished"],
    );
  },
);

inRepository(
  "the annotation of an open run, or of one without a commit, is not committed",
  async ({ folder, store }) => {
    const runsDir = join(folder, ".adept/runs");
    const bare = RunDirectory.create(runsDir, "20260314-101523-aaaa", experiment);
    const journal = new Journal(bare.path);
    journal.append({
      type: "created",
      version: 1,
      id: bare.id,
      name: "bare",
      method: "adept",
      task: "mail",
      backbone: "tiny-t5",
      seed: 0,
      steps: 1,
    });
    journal.append({ type: "status", status: "finished" });
    annotateRun(bare.path, { starred: true });
    assert.equal(await commitAnnotation(bare, folder), undefined);
    await store.snapshot(bare.id, bare.record());
    const commit = await store.commitOf(bare.id);
    journal.append({ type: "status", status: "running" });
    assert.deepEqual([await commitAnnotation(bare, folder), await store.commitOf(bare.id)], [undefined, commit]);
    journal.close();
    const gone = await committedRun(store, runsDir, ID);
    await store.remove(ID, (await store.commitOf(ID))!);
    assert.deepEqual(
      [await commitAnnotation(gone, folder), await store.commitOf(ID)],
      [undefined, undefined],
      "a deleted run's ref is not made anew",
    );
    await assert.rejects(store.result(ID, gone.record(), [], false), /no refs\/adept\/runs/);
  },
);
