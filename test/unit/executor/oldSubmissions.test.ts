import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { phrase } from "../../../src/base/phrase.ts";
import { endWaiting, enqueue } from "../../../src/executor/queuedRuns.ts";
import { oldSubmissions } from "../../../src/executor/slurm/oldSubmissions.ts";
import { setPointer, SubmissionFolder } from "../../../src/executor/slurm/submission.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { appendEvents } from "../../../src/run/journal/journal.ts";
import type { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { deleteRuns } from "../../../src/run/removal/trash.ts";

const DAY = 24 * 3600_000;
const ID = "20260102-030405-abcd";
const OTHER = "20260102-030405-abce";

interface Made {
  runsDir: string;
  /** Makes a run. */
  run: (id: string) => RunDirectory;
  /** Makes a submission of runs, by which they are found. */
  submit: (id: string, runs: readonly RunDirectory[], job?: string) => SubmissionFolder;
  /** The names of the submissions that can go after so many days. */
  old: (days: number) => string[];
  folder: string;
}

function made(folder: string): Made {
  const runsDir = join(folder, ".adept/runs");
  const text = JSON.stringify({
    name: "a",
    task: { kind: "mail" },
    method: { kind: "adept", budget: 12800 },
    executor: "slurm",
  });
  return {
    folder,
    runsDir,
    run: (id) => enqueue(runsDir, id, experimentsOf(join(folder, "a.adept.json"), text, [])[0]!),
    submit: (id, runs, job = "17") => {
      const tasks = runs.map((run) => ({ run: run.id, start: 1, from: 0, fruitless: 0 }));
      const submission = SubmissionFolder.make(runsDir, id, { madeAt: Date.now(), runsDir, request: {}, tasks });
      submission.setOutcome({ job });
      writeFileSync(submission.logPath(0), "printed");
      for (const [index, run] of runs.entries()) setPointer(run, { submission: id, index });
      return submission;
    },
    old: (days) => oldSubmissions(runsDir, Date.now() + days * DAY).map(({ path }) => path.split("/").at(-1)!),
  };
}

async function inFolder(work: (parts: Made) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-old-"));
  try {
    await work(made(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const finish = (run: RunDirectory): void => {
  appendEvents(run.path, { type: "status", status: "finished" });
};

test("a submission goes a week after it was made, once all of its runs have finished or were submitted anew", () =>
  inFolder(({ run, submit, old }) => {
    const [first, second] = [run(ID), run(OTHER)];
    submit("s1", [first, second]);
    assert.deepEqual(old(8), [], "both wait");
    finish(first);
    assert.deepEqual(old(8), [], "one waits");
    submit("s2", [second]);
    assert.deepEqual(old(6), [], "it is not old");
    assert.deepEqual(old(8), ["s1"]);
    endWaiting(second, "failed", phrase`enough`);
    assert.deepEqual(old(8), ["s1"], "the output of the other says why its run failed");
    for (const { remove } of oldSubmissions(join(first.path, ".."), Date.now() + 8 * DAY)) remove();
    assert.deepEqual(old(8), []);
    assert.ok(second.record().status === "failed" && existsSync(second.path));
  }));

test("a submission stays while Slurm has a job of it, or nobody knows whether it has one", () =>
  inFolder(({ folder, run, submit, old }) => {
    const finished = run(ID);
    const submission = submit("s1", [finished]);
    finish(finished);
    const see = (state: string): void => {
      const task = { job: "17", state, reason: "", node: "", restarts: 0, exit: 0, since: 1 };
      const seen = JSON.stringify({ at: Date.now(), failures: 0, tasks: { "s1/0": task } });
      writeFileSync(join(folder, ".adept/slurm/seen.json"), seen);
    };
    for (const state of ["PENDING", "RUNNING", "NODE_FAIL", "A_STATE_OF_2040"]) {
      see(state);
      assert.deepEqual(old(8), [], state);
    }
    see("COMPLETED");
    assert.deepEqual(old(8), ["s1"]);
    rmSync(join(submission.path, "outcome.json"));
    assert.deepEqual(old(8), [], "no outcome");
    submission.setOutcome({ refused: "no job carries its name" });
    writeFileSync(join(submission.path, "intent.json"), "{");
    assert.deepEqual(old(8), [], "damaged");
  }));

test("a submission is asked again before it goes; one of a run in the trash stays, and that of a lost test job goes", () =>
  inFolder(async ({ folder, runsDir, run, submit, old }) => {
    const first = run(ID);
    const submission = submit("s1", [first]);
    finish(first);
    const [found] = oldSubmissions(runsDir, Date.now() + 8 * DAY);
    submit("s0", [first]);
    setPointer(first, { submission: "s1", index: 0 });
    appendEvents(first.path, { type: "status", status: "queued" });
    found!.remove();
    assert.ok(existsSync(submission.path), "it was resumed meanwhile");
    finish(first);
    await deleteRuns(runsDir, [ID], folder);
    assert.deepEqual(old(8), []);
    rmSync(join(folder, ".adept/trash"), { recursive: true });
    assert.deepEqual(old(8).sort(), ["s0", "s1"]);
    const probe = join(folder, ".adept/slurm/probe-1");
    mkdirSync(probe);
    assert.ok(!old(0).includes("probe-1"));
    utimesSync(probe, 1, 1);
    assert.ok(old(0).includes("probe-1"));
  }));
