import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { readHeader, readSafetensors, writeSafetensors } from "../../src/backbone/files/safetensors.ts";
import { asidePath } from "../../src/training/checkpoint.ts";
import { mustBeWhole } from "../campaign/outcome.ts";
import { ended, kill, until, Workspace } from "../campaign/workspace.ts";
import { addLaterLine, makeLater } from "../host/newerRun.ts";

async function interrupted(t: TestContext, ...args: string[]): Promise<Workspace> {
  const place = Workspace.make("pt");
  t.after(() => {
    for (const pid of place.processes()) kill(pid);
    place.remove();
  });
  const child = place.start("cli", "train", "words.adept.json", ...args);
  assert.ok(await until(() => (place.run?.record().checkpointStep ?? 0) >= 5));
  kill(place.run!.workerPid);
  await ended(child);
  return place;
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .map((path) => `${path} ${statSync(path).size} ${readFileSync(path).toString("base64").slice(-200)}`)
    .sort();

for (const [what, change] of [
  ["with an event that is new", addLaterLine],
  ["of a later journal version", makeLater],
] as const) {
  test(`a run ${what}: every command reads it, says so, and none writes to it`, async (t) => {
    const place = await interrupted(t, "--no-git");
    const run = place.run!;
    change(run.path);
    const before = filesOf(run.path);
    for (const args of [
      ["runs", "list"],
      ["runs", "show", run.id],
      ["runs", "list", "--json"],
    ]) {
      const { status, stdout, stderr } = await place.adept(...args);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /This run was written by a newer ADePT Lab.*: update to see all of it/, args.join(" "));
      assert.doesNotMatch(stderr, /damaged|cannot be read|torn/);
      assert.ok(stdout.includes(run.id) && stdout.includes("interrupted"), stdout);
    }
    const checked = await place.adept("runs", "check", run.id);
    assert.match(checked.stdout, /written by a newer ADePT Lab/);
    assert.doesNotMatch(checked.stdout, /is damaged|torn/);
    for (const args of [
      ["resume", run.id],
      ["queue", "start"],
      ["stop", run.id],
      ["analyse", run.id],
    ]) {
      const { status, stderr } = await place.adept(...args);
      if (args[0] === "resume")
        assert.match(
          `${status} ${stderr}`,
          /^1 adept: Run .* was written by a newer ADePT Lab.*only reads it\nUpdate ADePT Lab/,
        );
      assert.doesNotMatch(stderr, / {4}at /);
    }
    await until(() => place.processes().length === 0);
    assert.deepEqual(filesOf(run.path), before);
  });
}

test("a checkpoint of a newer version is kept: the run is not started again, and is resumed by that version", async (t) => {
  const place = await interrupted(t);
  const run = place.run!;
  const path = run.checkpointPath;
  const kept = join(place.folder, "kept");
  cpSync(path, kept);
  writeSafetensors(path, readSafetensors(path), { ...readHeader(path).metadata, format: "adept-checkpoint-3" });
  const bytes = readFileSync(path);
  const checked = await place.adept("runs", "check", run.id);
  const resumed = await place.adept("resume", run.id);
  assert.match(
    checked.stdout,
    /its checkpoint was written by a newer ADePT Lab \(checkpoint version 3\)\n {2}Update ADePT Lab/,
  );
  assert.doesNotMatch(checked.stdout, /damaged/);
  assert.deepEqual(
    [
      resumed.status,
      /checkpoint .* was written by a newer ADePT Lab \(checkpoint version 3\).*Update ADePT Lab, then resume the run/s.test(
        resumed.stderr,
      ),
    ],
    [1, true],
    resumed.stderr,
  );
  assert.deepEqual(
    [readFileSync(path).equals(bytes), existsSync(asidePath(path)), readdirSync(dirname(path)).length],
    [true, false, 1],
  );
  const { lastStep, checkpointStep } = run.record();
  assert.ok(lastStep!.step >= 5 && checkpointStep! >= 5, "nothing was made again");
  cpSync(kept, path);
  const { status, stderr } = await place.adept("resume", run.id, "--json");
  assert.equal(status, 0, stderr);
  await mustBeWhole(place, run, "pt");
});
