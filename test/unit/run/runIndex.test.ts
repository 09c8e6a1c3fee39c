import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { openGitStore } from "../../../src/run/git/gitStore.ts";
import { announceRun, Journal } from "../../../src/run/journal/journal.ts";
import { annotateRun } from "../../../src/run/journal/sharedJournal.ts";
import { readJournal, readRecord } from "../../../src/run/journal/readJournal.ts";
import { takeLease } from "../../../src/run/lease/lease.ts";
import { keepIndex } from "../../../src/run/directory/keepIndex.ts";
import { listRuns, readRuns } from "../../../src/run/directory/runList.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { journalSize, readIndex, writeIndex } from "../../../src/run/directory/runIndex.ts";
import { deleteRuns, restoreRuns } from "../../../src/run/removal/trash.ts";

function place(t: TestContext): { folder: string; runsDir: string } {
  const folder = mkdtempSync(join(tmpdir(), "adept-index-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, runsDir: join(folder, ".adept/runs") };
}
const experiment = ResolvedExperiment.parse({ name: "A run", task: { kind: "mail" }, method: { kind: "adept" } });
function makeRun(runsDir: string, id: string, status: "finished" | "running" = "finished"): RunDirectory {
  const run = RunDirectory.create(runsDir, id, experiment);
  const journal = new Journal(run.path);
  announceRun(id, experiment, journal);
  for (let step = 1; step <= 5; step++)
    journal.append({
      type: "step",
      step,
      loss: 1 / step,
      learningRate: {},
      gradientNorm: {},
      updateRatio: {},
      tokensPerSecond: 1,
      secondsLeft: 5 - step,
    });
  journal.append({ type: "status", status });
  journal.close();
  return run;
}

test("reading the record alone gives the same as folding every event, for any journal, even with partial lines", (t) => {
  const { folder } = place(t);
  const step = fc.integer({ min: 1, max: 9 }).map((at) =>
    JSON.stringify({
      type: "step",
      step: at,
      loss: at,
      learningRate: {},
      gradientNorm: {},
      updateRatio: {},
      tokensPerSecond: 1,
      secondsLeft: 1,
      time: at,
    }),
  );
  const line = fc.oneof(
    step,
    fc.constant(JSON.stringify({ type: "heartbeat", pid: 7, time: 3 })),
    fc.constant(JSON.stringify({ type: "heartbeat", pid: 8, gpus: [{ index: 0, name: "A", memoryUsed: 5 }], time: 3 })),
    fc.constant(
      JSON.stringify({
        type: "engine",
        device: "cpu",
        name: "n",
        measured: [
          { device: "cpu", milliseconds: 1 },
          { device: "webgpu", reason: "r" },
        ],
        time: 3,
      }),
    ),
    fc
      .constantFrom("queued", "running", "finished")
      .map((status) => JSON.stringify({ type: "status", status, time: 4 })),
    fc.constant(JSON.stringify({ type: "annotated", tags: ["x"], time: 5 })),
    fc.constant('{"type":"step","step":'),
    fc.constant('{"type":"heartbeat"}'),
    fc.constant("not JSON"),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom("", '{"type":"st'), (lines, torn) => {
      const text = lines.map((each) => `${each}\n`).join("") + torn;
      writeFileSync(join(folder, "events.jsonl"), text);
      const { record, size } = readRecord(folder);
      assert.deepEqual({ ...record, updatedAt: 0 }, { ...foldEvents(readJournal(folder).events), updatedAt: 0 });
      assert.equal(size, Buffer.byteLength(text) - torn.length);
    }),
    { numRuns: 300 },
  );
});

test("later annotations replace earlier ones, missing keys stay, and the time of the last step does not change", (t) => {
  const { runsDir } = place(t);
  const run = makeRun(runsDir, "20260101-000000-aaaa");
  const { updatedAt } = run.record();
  annotateRun(run.path, { starred: true, tags: ["a", "b"] });
  annotateRun(run.path, { note: "good", tags: ["c"] });
  annotateRun(run.path, { name: "Renamed" });
  const { starred, tags, note, name, renamed, archived, ...rest } = run.record();
  assert.deepEqual(
    { starred, tags, note, name, renamed, archived },
    { starred: true, tags: ["c"], note: "good", name: "Renamed", renamed: true, archived: false },
  );
  assert.equal(rest.updatedAt, updatedAt);
});

test("the index has the ended runs; a grown journal is noticed by its size; a damaged index is empty", (t) => {
  const { runsDir } = place(t);
  const done = makeRun(runsDir, "20260101-000000-aaaa");
  const live = makeRun(runsDir, "20260101-000000-bbbb", "running");
  writeIndex(
    runsDir,
    [done, live].map((run) => [run.id, readRecord(run.path)]),
  );
  const index = readIndex(runsDir);
  assert.deepEqual([...index.keys()], [done.id]);
  assert.deepEqual(index.get(done.id)!.record, done.record(), "keys without a value too");
  assert.equal(index.get(done.id)!.size, journalSize(done.path));
  annotateRun(done.path, { starred: true });
  assert.notEqual(index.get(done.id)!.size, journalSize(done.path));
  const file = join(runsDir, "../index.json");
  const whole = readFileSync(file, "utf8");
  for (const damaged of [
    '{"runs":{"x":{"size":1}}}',
    whole.slice(0, -9),
    whole.replace('"tags":[]', '"tags":3'),
    whole.replace('"shape":"', '"shape":"older,'),
  ]) {
    writeFileSync(file, damaged);
    assert.equal(readIndex(runsDir).size, 0, damaged.slice(0, 60));
  }
});

test("a deleted run loses its ref and is restored with it byte for byte; a run in training is not deleted", async (t) => {
  const { folder, runsDir } = place(t);
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
  git("init", "--quiet");
  const run = makeRun(runsDir, "20260101-000000-aaaa");
  const other = makeRun(runsDir, "20260101-000000-bbbb");
  const store = await openGitStore(folder);
  assert.ok(!("reason" in store));
  const { commit, ref } = await store.snapshot(run.id, run.record());
  const before = readFileSync(run.eventsPath, "utf8");
  await deleteRuns(runsDir, [run.id], folder);
  assert.deepEqual(
    listRuns(runsDir).map(({ id }) => id),
    [other.id],
  );
  assert.equal(git("for-each-ref", "refs/adept"), "");
  await restoreRuns(runsDir, [run.id], folder);
  assert.equal(readFileSync(run.eventsPath, "utf8"), before);
  assert.equal(git("rev-parse", ref).trim(), commit);
  assert.ok(!existsSync(join(run.path, "deleted.json")));
  assert.ok(other.acquireLease(process.pid));
  appendFileSync(other.eventsPath, `${JSON.stringify({ type: "status", status: "running", time: 9 })}\n`);
  await assert.rejects(deleteRuns(runsDir, [run.id, other.id], folder), /is at work/);
  assert.equal(listRuns(runsDir).length, 2, "then none is deleted");
  await assert.rejects(restoreRuns(runsDir, ["20260101-000000-cccc"], folder), /no longer in the trash/);
});

test("a deleted run is kept for a week from its deletion, however long ago it ended, and then deleted for good", async (t) => {
  const { folder, runsDir } = place(t);
  const ids = ["20250101-000000-aaaa", "20250101-000000-bbbb", "20250101-000000-cccc"];
  const [old, other, last] = ids.map((id) => makeRun(runsDir, id));
  const trash = join(runsDir, "../trash");
  utimesSync(old!.path, new Date("2025-01-01"), new Date("2025-01-01"));
  await deleteRuns(runsDir, [old!.id], folder);
  await deleteRuns(runsDir, [other!.id], folder);
  await restoreRuns(runsDir, [old!.id], folder);
  assert.ok(existsSync(old!.eventsPath));
  writeFileSync(join(trash, other!.id, "deleted.json"), JSON.stringify({ at: Date.now() - 8 * 24 * 3600 * 1000 }));
  await deleteRuns(runsDir, [last!.id], folder);
  assert.deepEqual([existsSync(join(trash, other!.id)), existsSync(join(trash, last!.id))], [false, true]);
});

test("several runs are deleted together or not at all; a run that is being analysed counts as busy", async (t) => {
  const { folder, runsDir } = place(t);
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
  git("init", "--quiet");
  const [first, second] = ["20260101-000000-aaaa", "20260101-000000-bbbb"].map((id) => makeRun(runsDir, id));
  const store = await openGitStore(folder);
  assert.ok(!("reason" in store));
  const { commit, ref } = await store.snapshot(first!.id, first!.record());
  const { ref: locked } = await store.snapshot(second!.id, second!.record());
  // git cannot delete a ref while another process holds its lock.
  writeFileSync(join(folder, ".git", `${locked}.lock`), "");
  await assert.rejects(deleteRuns(runsDir, [first!.id, second!.id], folder));
  assert.equal(listRuns(runsDir).length, 2);
  assert.equal(git("rev-parse", ref).trim(), commit);
  rmSync(join(folder, ".git", `${locked}.lock`));
  takeLease(first!.analysisLeasePath, process.pid);
  await assert.rejects(deleteRuns(runsDir, [first!.id], folder), /is at work/);
});

const fail = (): never => assert.fail("every run can be read");

test("many runs are read from the index; one that has gone on, or that somebody has noted, from its journal", (t) => {
  const { runsDir } = place(t);
  const id = (i: number): string => `20260102-0304${String(i).padStart(2, "0")}-abcd`;
  const runs = Array.from({ length: 30 }, (_, i) => makeRun(runsDir, id(i), i === 29 ? "running" : "finished"));
  const before = readRuns(runsDir, fail);
  keepIndex(runsDir, before);
  assert.equal(readIndex(runsDir).size, 29, "what is at work is not in the index");
  assert.deepEqual(readRuns(runsDir, fail), before);

  // What the index says shows who was read from where.
  const told = [...readIndex(runsDir)].map(([name, { size, record }]) => {
    return [name, { size, record: { ...record, name: "from the index" } }] as [
      string,
      { size: number; record: typeof record },
    ];
  });
  writeIndex(runsDir, told);
  annotateRun(runs[1]!.path, { note: "at the end of the journal" });
  runs[2]!.acquireLease(process.ppid);
  annotateRun(runs[2]!.path, { note: "in the inbox, while somebody has the lease" });
  const after = new Map(readRuns(runsDir, fail).map(({ run, record }) => [run.id, record]));
  assert.equal(after.get(id(0))!.name, "from the index");
  assert.equal(after.get(id(1))!.note, "at the end of the journal");
  assert.equal(after.get(id(2))!.note, "in the inbox, while somebody has the lease");
  assert.equal(after.get(id(29))!.name, "A run");
  assert.equal([...after.values()].filter(({ name }) => name === "from the index").length, 27);
});
