import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { appendEvents, Journal } from "../../../src/run/journal/journal.ts";
import { annotateRun } from "../../../src/run/journal/sharedJournal.ts";
import { JournalTail } from "../../../src/run/journal/journalTail.ts";
import { readJournal } from "../../../src/run/journal/readJournal.ts";
import { markInterrupted, markInterruptedRuns } from "../../../src/run/interruption/interruptedRuns.ts";
import { findRun, listRuns } from "../../../src/run/directory/runList.ts";
import { newRunId } from "../../../src/run/directory/runId.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";

const experiment = ResolvedExperiment.parse({ name: "x", task: { kind: "mail" }, method: { kind: "pt" } });

function inFolder(name: string, work: (folder: string) => void): void {
  test(name, () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-run-"));
    try {
      work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

inFolder("a partial last line is ignored and ended by the next writer, and nothing else is lost", (folder) => {
  const first = new Journal(folder);
  first.append({ type: "warning", message: "one" });
  first.close();
  appendFileSync(join(folder, "events.jsonl"), '{"type":"warn');
  assert.equal(readJournal(folder).events.length, 1);
  const second = new Journal(folder);
  second.append({ type: "warning", message: "two" });
  second.close();
  const { events, bad } = readJournal(folder);
  assert.deepEqual([events.map((e) => e.type === "warning" && e.message), bad], [["one", "two"], 1]);
});

inFolder("a tail returns every event once, also of a line that is written in two parts", (folder) => {
  const tail = new JournalTail(folder);
  const path = join(folder, "events.jsonl");
  assert.deepEqual(tail.read(), []);
  appendFileSync(path, '{"type":"warning","time":1,"message":"é');
  assert.deepEqual(tail.read(), []);
  appendFileSync(path, '"}\n{"type":"heartbeat","time":2,"pid":3}\n');
  assert.deepEqual(
    tail.read().map((e) => e.time),
    [1, 2],
  );
  assert.deepEqual(tail.read(), []);
});

inFolder(
  "runs are listed newest first and found by the beginning of their id; a damaged folder hides no other run",
  (folder) => {
    const runsDir = join(folder, ".adept", "runs");
    const old = newRunId(new Date(2026, 0, 2, 3, 4, 5), () => 0);
    const young = newRunId(new Date(2026, 0, 3, 3, 4, 5), () => 0.999);
    assert.deepEqual([old, young], ["20260102-030405-0000", "20260103-030405-zzzz"]);
    for (const id of [old, young]) RunDirectory.create(runsDir, id, experiment);
    writeFileSync(join(runsDir, "20260104-030405-0000"), "not a folder");
    assert.deepEqual(
      listRuns(runsDir).map((run) => run.id),
      [young, old],
    );
    assert.equal(findRun(runsDir, "latest").id, young);
    assert.equal(findRun(runsDir, "20260102").id, old);
    assert.throws(() => findRun(runsDir, "2026"), /several/);
    assert.deepEqual(findRun(runsDir, old).experiment(), experiment);
  },
);

inFolder("a run whose worker is gone becomes interrupted, one whose worker lives does not", (folder) => {
  const make = (id: string): RunDirectory => {
    const run = RunDirectory.create(folder, id, experiment);
    const journal = new Journal(run.path);
    journal.append({ type: "status", status: "running", pid: 1 });
    journal.close();
    return run;
  };
  const dead = make("20200102-030405-dead");
  const alive = make("20200102-030405-live");
  assert.equal(alive.acquireLease(process.pid), true);
  writeFileSync(join(dead.path, "lease"), JSON.stringify({ pid: 2 ** 22 + 1, started: "1" }));
  assert.deepEqual(
    markInterruptedRuns(
      folder,
      (_, reason) => {
        throw new Error(reason);
      },
      Date.now() + 20_000,
    ),
    [dead.id],
  );
  assert.deepEqual([dead.record().status, alive.record().status], ["interrupted", "running"]);
});

inFolder("a lease belongs to one living process; that of a reused process id is void", (folder) => {
  const run = RunDirectory.create(folder, "20200102-030405-aaaa", experiment);
  assert.equal(run.acquireLease(process.ppid), true);
  assert.equal(run.acquireLease(process.pid), false);
  writeFileSync(join(run.path, "lease"), JSON.stringify({ pid: process.ppid, started: "12" }));
  assert.equal(run.isWorkerAlive(), false);
});

inFolder("what another process writes about a run brings no deleted run back", (folder) => {
  const run = RunDirectory.create(folder, "20200102-030405-gone", experiment);
  // The folder stands while it is being deleted, file by file.
  rmSync(run.path, { recursive: true });
  mkdirSync(run.path);
  assert.equal(markInterrupted(run), false);
  const isGone = { code: "run-gone" };
  assert.throws(() => appendEvents(run.path, { type: "status", status: "interrupted", message: "x" }), isGone);
  assert.throws(() => annotateRun(run.path, { note: "x" }), isGone);
  assert.deepEqual(readdirSync(run.path), []);
  rmSync(run.path, { recursive: true });
  assert.throws(() => annotateRun(run.path, { note: "x" }), isGone);
  assert.equal(existsSync(run.path), false);
});
