import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { CLI, ended, env, kill, until, Workspace, type Said } from "../campaign/workspace.ts";

/** A process namespace and a host name of its own, like a container or another machine that shares the folder. */
const ELSEWHERE = ["unshare", "-rpfu", "--mount-proc", "sh", "-c", 'hostname node-b && exec "$@"', "sh"];
const LONG = ["--set", "training.steps=4000", "--set", "training.evaluateEvery=4000"];
const lacks = spawnSync(ELSEWHERE[0]!, [...ELSEWHERE.slice(1), "true"]).status !== 0;

function there(place: Workspace, ...args: string[]): ChildProcess {
  return spawn(ELSEWHERE[0]!, [...ELSEWHERE.slice(1), process.execPath, CLI, ...args], {
    cwd: place.folder,
    env,
    stdio: "ignore",
  });
}
function saidThere(place: Workspace, ...args: string[]): Said {
  const { status, stdout, stderr } = spawnSync(ELSEWHERE[0]!, [...ELSEWHERE.slice(1), process.execPath, CLI, ...args], {
    cwd: place.folder,
    env,
    encoding: "utf8",
  });
  return { status: status ?? -1, stdout, stderr };
}

function workspace(t: TestContext): Workspace | undefined {
  if (lacks && process.env["ADEPT_REQUIRE_WALLS"] === "1")
    throw new Error("ADEPT_REQUIRE_WALLS is set, and no namespace of process numbers can be made here");
  if (lacks) {
    t.skip("no namespace of process numbers can be made here");
    return undefined;
  }
  const place = Workspace.make("pt");
  t.after(() => {
    for (const pid of place.processes()) kill(pid);
    place.remove();
  });
  return place;
}
const isAtWork = (place: Workspace): boolean =>
  (place.run?.record().checkpointStep ?? 0) >= 3 && place.run?.record().status === "running";
const statuses = (place: Workspace): (string | undefined)[] =>
  readJournal(place.run!.path).events.flatMap((event) => (event.type === "status" ? [event.status] : []));
const listed = (said: Said): string[] => (JSON.parse(said.stdout) as { status: string }[]).map(({ status }) => status);

test("a run in training in another container counts as alive here: it is not marked, resumed or deleted, and can be stopped", async (t) => {
  const place = workspace(t);
  if (place === undefined) return;
  const child = there(place, "train", "words.adept.json", ...LONG);
  assert.ok(await until(() => isAtWork(place)));
  const { id, path } = place.run!;
  assert.deepEqual(listed(await place.adept("runs", "list", "--json")), ["running"]);
  const resumed = await place.adept("resume", id);
  const checked = await place.adept("runs", "check", id);
  assert.notEqual(resumed.status, 0);
  assert.match(resumed.stderr, new RegExp(`A worker on node-b is training run ${id}`));
  assert.equal(checked.status, 0, checked.stdout);
  assert.equal(place.run!.workerPid, undefined, "its number is nobody's here: nothing may be sent to it");
  const deleted = await place.adept("runs", "delete", id);
  assert.notEqual(deleted.status, 0);
  assert.match(deleted.stderr, /is at work/);
  assert.equal((await place.adept("stop", id)).status, 0);
  await ended(child);
  assert.deepEqual(
    [place.run!.path, statuses(place).filter((status) => status === "interrupted"), statuses(place).at(-1)],
    [path, [], "stopped"],
  );
});

test("a run in training here counts as alive in another container", async (t) => {
  const place = workspace(t);
  if (place === undefined) return;
  const child = place.start("cli", "train", "words.adept.json", ...LONG);
  assert.ok(await until(() => isAtWork(place)));
  assert.deepEqual(listed(saidThere(place, "runs", "list", "--json")), ["running"]);
  const resumed = saidThere(place, "resume", place.run!.id);
  assert.notEqual(resumed.status, 0);
  assert.match(resumed.stderr, /A worker on .+ is training run/);
  assert.notEqual(place.run!.workerPid, undefined);
  assert.equal(saidThere(place, "stop", place.run!.id).status, 0);
  await ended(child);
  assert.equal(statuses(place).at(-1), "stopped");
});

test("a worker whose run was taken over ends without writing to it, and leaves the other's lease", async (t) => {
  const place = workspace(t);
  if (place === undefined) return;
  const child = place.start("cli", "train", "words.adept.json", ...LONG);
  assert.ok(await until(() => isAtWork(place)));
  const lease = join(place.run!.path, "lease");
  const other = JSON.stringify({ pid: 1, started: "1", machine: { host: "linux:node-c", boot: "x", space: "y" } });
  writeFileSync(lease, other);
  await ended(child);
  assert.ok(await until(() => !place.processes().some((pid) => pid !== process.pid), 20_000), "its worker has ended");
  assert.deepEqual(
    [
      statuses(place).at(-1),
      readFileSync(lease, "utf8"),
      readJournal(place.run!.path).events.some(({ type }) => type === "error"),
    ],
    ["running", other, false],
  );
});

test("the run of a container that is gone stays locked for ten minutes; then it is interrupted and can be resumed here", async (t) => {
  const place = workspace(t);
  if (place === undefined) return;
  const child = there(place, "train", "words.adept.json");
  assert.ok(await until(() => (place.run?.record().checkpointStep ?? 0) >= 3));
  const { id, path } = place.run!;
  for (const pid of place.processes()) kill(pid);
  await ended(child);
  assert.match((await place.adept("resume", id)).stderr, /A worker on node-b/);
  const past = new Date(Date.now() - 11 * 60_000);
  utimesSync(join(path, "lease"), past, past);
  assert.deepEqual(listed(await place.adept("runs", "list", "--json")), ["interrupted"]);
  const { status, stderr } = await place.adept("resume", id, "--json");
  assert.equal(status, 0, stderr);
  assert.equal(place.run!.record().status, "finished");
});
