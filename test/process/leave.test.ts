import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { mustBeWhole } from "../campaign/outcome.ts";
import { ended, STEPS, until, type Workspace } from "../campaign/workspace.ts";
import { ptWorkspace } from "./ptWorkspace.ts";

/** As the workspace's experiment has it. */
const VALIDATED_EVERY = 4;
const LONG = ["--set", "training.steps=4000", "--set", "training.evaluateEvery=4000"];

const isAtWork = (place: Workspace, step: number): boolean =>
  place.run?.record().status === "running" && (place.run.record().lastStep?.step ?? 0) >= step;
const terminate = (place: Workspace): void => {
  process.kill(place.run!.workerPid!, "SIGTERM");
};

test("SIGTERM ends no run: the worker saves, says that it was interrupted, gives the lease back, and the run goes on to the same bytes", async (t) => {
  const place = ptWorkspace(t);
  const child = place.start("cli", "train", "words.adept.json");
  assert.ok(await until(() => isAtWork(place, 2)));
  terminate(place);
  await ended(child);
  const run = place.run!;
  const { status, interruptions, checkpointStep, lastStep } = run.record();
  assert.deepEqual([status, interruptions], ["interrupted", 0]);
  // Left in a validation, the run goes on before the step that asked for it.
  const step = lastStep!.step;
  assert.ok(
    checkpointStep === step || (step % VALIDATED_EVERY === 0 && checkpointStep === step - 1),
    `${checkpointStep} of ${step}`,
  );
  assert.ok(checkpointStep < STEPS);
  assert.deepEqual([existsSync(join(run.path, "lease")), existsSync(run.adapterPath)], [false, false]);
  const { status: code, stderr } = await place.adept("resume", run.id, "--json");
  assert.equal(code, 0, stderr);
  await mustBeWhole(place, run, "pt");
});

test("a queue goes on with a run whose worker got SIGTERM, however often", async (t) => {
  const place = ptWorkspace(t);
  place.start("cli", "train", "words.adept.json", "--queue", "--detach", "--no-git", ...LONG);
  for (let time = 1; time <= 4; time++) {
    assert.ok(await until(() => isAtWork(place, time)), `start ${time}`);
    const begun = place.run!.record().start;
    terminate(place);
    assert.ok(await until(() => place.run!.record().start > begun), "it is begun again");
  }
  assert.ok(await until(() => isAtWork(place, 4)));
  assert.equal(place.run!.record().interruptions, 0);
  assert.equal((await place.adept("stop", place.run!.id)).status, 0);
  assert.equal(place.run!.record().status, "stopped");
});

test("SIGTERM at adept train ends it with 143 and leaves the run to be resumed; Ctrl+C stops the run", async (t) => {
  const place = ptWorkspace(t);
  const child = place.start("cli", "train", "words.adept.json", "--no-git", ...LONG);
  assert.ok(await until(() => isAtWork(place, 2)));
  child.kill("SIGTERM");
  await ended(child);
  assert.deepEqual([child.exitCode, place.run!.record().status], [143, "interrupted"]);
  const again = place.start("cli", "resume", "latest");
  assert.ok(await until(() => isAtWork(place, 3)));
  again.kill("SIGINT");
  await ended(again);
  assert.deepEqual([again.exitCode, place.run!.record().status], [130, "stopped"]);
});

test("notes and tags that terminals write beside a training run are all kept, by one writer of its journal", async (t) => {
  const place = ptWorkspace(t);
  const child = place.start("cli", "train", "words.adept.json", "--no-git", ...LONG);
  assert.ok(await until(() => isAtWork(place, 2)));
  const run = place.run!;
  const said = Array.from({ length: 6 }, (_, i) => `note ${i}`);
  for (const note of said) {
    const { status, stderr } = await place.adept("runs", "note", run.id, note);
    assert.equal(status, 0, stderr);
    assert.equal(run.record().note, note, "it is read at once");
  }
  assert.equal((await place.adept("stop", run.id)).status, 0);
  await ended(child);
  const { events, bad } = readJournal(run.path);
  assert.deepEqual([events.flatMap((event) => (event.type === "annotated" ? [event.note] : [])), bad], [said, 0]);
  assert.deepEqual(readdirSync(join(run.path, "inbox")), []);
});
