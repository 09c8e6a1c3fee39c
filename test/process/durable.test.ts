import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stopRun } from "../../src/executor/stopRun.ts";
import { markIfInterrupted } from "../../src/run/interruption/interruptedRuns.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { mustBeWhole, outcomeOf } from "../campaign/outcome.ts";
import { ended, kill, until, Workspace } from "../campaign/workspace.ts";
import { ptWorkspace } from "./ptWorkspace.ts";

/** Returns a run whose worker was killed at a step. */
async function interrupted(place: Workspace, step = 5): Promise<RunDirectory> {
  const child = place.start("cli", "train", "words.adept.json");
  assert.ok(await until(() => (place.run?.record().checkpointStep ?? 0) >= step));
  kill(place.run!.workerPid);
  await ended(child);
  return place.run!;
}

test("a run without a valid checkpoint starts again and says so; an unreadable run hides no other", async (t) => {
  const place = ptWorkspace(t);
  const run = await interrupted(place);
  const other = join(place.runsDir, "20200101-000000-aaaa");
  assert.deepEqual(
    [run.record().status, run.record().interruptions],
    ["interrupted", 1],
    "the terminal that followed it says so at once",
  );
  writeFileSync(run.checkpointPath, readFileSync(run.checkpointPath).subarray(0, 1000));
  mkdirSync(join(other, "events.jsonl"), { recursive: true });
  cpSync(join(run.path, "experiment.json"), join(other, "experiment.json"));
  const checked = await place.adept("runs", "check", run.id);
  const listed = await place.adept("runs", "list", "--json");
  const resumed = await place.adept("resume", run.id, "--json");
  assert.equal(checked.status, 1);
  assert.match(checked.stdout, /checkpoint is damaged[^]*Resume the run/);
  assert.deepEqual(
    (JSON.parse(listed.stdout) as { id: string }[]).map(({ id }) => id),
    [run.id],
  );
  assert.match(listed.stderr, /20200101-000000-aaaa: its journal cannot be read/);
  assert.equal(resumed.status, 0, resumed.stderr);
  assert.match(resumed.stderr, /warning: The checkpoint was damaged \(.*begins anew/);
  await mustBeWhole(place, run, "pt");
  assert.equal((await place.adept("runs", "check", run.id)).status, 0);
});

test("a run whose folder is moved during training ends with a message, writes nothing at the old path, and can be resumed", async (t) => {
  const place = ptWorkspace(t);
  const child = place.start(
    "cli",
    "train",
    "words.adept.json",
    "--set",
    "training.steps=1000",
    "--set",
    "training.checkpointEvery=5",
    "--set",
    "training.evaluateEvery=1000",
  );
  assert.ok(await until(() => (place.run?.record().lastStep?.step ?? 0) >= 2));
  const { id, path } = place.run!;
  const moved = join(place.folder, "elsewhere");
  renameSync(path, moved);
  await ended(child);
  assert.ok(await until(() => RunDirectory.open(moved).record().status === "failed", 10_000));
  const { error } = RunDirectory.open(moved).record();
  assert.match(
    `${error?.message} ${error?.action}`,
    /folder .* is gone: it was moved or deleted while the run was at work.*Resume the run where it is now/,
  );
  assert.deepEqual(listRuns(place.runsDir), []);
  rmSync(path, { recursive: true, force: true });
  renameSync(moved, path);
  const { status, stderr } = await place.adept("resume", id, "--json");
  assert.equal(status, 0, stderr);
});

for (const inGit of [true, false]) {
  test(`a project that is renamed between a run's end and its resume ${inGit ? "with" : "without"} a repository: the run goes on there, to the same bits, and nothing is made at the old place`, async (t) => {
    const place = ptWorkspace(t);
    if (!inGit) rmSync(join(place.folder, ".git"), { recursive: true });
    const run = await interrupted(place);
    const before = readJournal(run.path).events.length;
    const there = new Workspace(`${place.folder} moved`);
    const whole = inGit ? place : ptWorkspace(t);
    t.after(() => {
      there.remove();
    });
    renameSync(place.folder, there.folder);
    const { status, stderr } = await there.adept("resume", run.id, "--json");
    assert.equal(status, 0, stderr);
    assert.equal(existsSync(place.folder), false);
    assert.ok(readJournal(there.run!.path).events.length > before);
    if (inGit) {
      await mustBeWhole(there, there.run!, "pt");
      return;
    }
    assert.equal((await whole.adept("train", "words.adept.json", "--json")).status, 0);
    assert.deepEqual(outcomeOf(there.run!), outcomeOf(whole.run!));
  });
}

test("a run in training is not resumed; an early request to stop is obeyed; a worker's death is recorded once", async (t) => {
  const place = ptWorkspace(t);
  const child = place.start("cli", "train", "words.adept.json", "--no-git", "--set", "training.steps=4000");
  assert.ok(await until(() => place.run !== undefined));
  place.run!.requestStop();
  await ended(child);
  assert.equal(place.run!.record().status, "stopped");
  const again = place.start("cli", "resume", "latest");
  assert.ok(await until(() => place.run!.record().status === "running"));
  const { status, stderr } = await place.adept("resume", "latest");
  assert.deepEqual(
    [status, /Another worker is training run .*\nWait for it, or stop it first/.test(stderr)],
    [1, true],
  );
  kill(place.run!.workerPid);
  await Promise.all([stopRun(place.run!, 200), ended(again)]);
  for (let i = 0; i < 3; i++) markIfInterrupted(place.run!, { ...place.run!.record(), status: "running" });
  assert.deepEqual([place.run!.record().status, place.run!.record().interruptions], ["interrupted", 1]);
});

test("the queue skips a run with a damaged experiment, marks it as failed, and trains the others", async (t) => {
  const place = ptWorkspace(t);
  await place.adept("train", "words.adept.json", "--queue", "--detach", "--no-git");
  await until(() => place.run?.record().status === "finished");
  await until(() => place.processes().length === 0);
  const [first] = listRuns(place.runsDir);
  const bad = join(place.runsDir, "20200101-000000-aaaa");
  mkdirSync(bad);
  writeFileSync(join(bad, "experiment.json"), '{"name":');
  writeFileSync(
    join(bad, "events.jsonl"),
    `${readFileSync(first!.eventsPath, "utf8").split("\n").slice(0, 2).join("\n").replaceAll(first!.id, "20200101-000000-aaaa")}\n`,
  );
  assert.equal(RunDirectory.open(bad).record().status, "queued");
  const { status, stderr } = await place.adept("train", "words.adept.json", "--queue", "--no-git", "--json");
  assert.equal(status, 0, stderr);
  const failed = RunDirectory.open(bad).record();
  assert.deepEqual([failed.status, /experiment\.json is damaged/.test(failed.message ?? "")], ["failed", true]);
});

test("four processes that commit ten runs each in one repository at once lose none", async (t) => {
  const place = ptWorkspace(t);
  const own = place.own();
  const writers = [0, 1, 2, 3].map((writer) =>
    spawn(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "../campaign/gitWriter.ts"), place.folder, String(writer), "10"],
      { stdio: "inherit" },
    ),
  );
  await Promise.all(writers.map(ended));
  assert.deepEqual(
    writers.map(({ exitCode }) => exitCode),
    [0, 0, 0, 0],
  );
  assert.equal(place.git("for-each-ref", "refs/adept/runs").trim().split("\n").length, 40);
  assert.equal(place.own(), own);
});
