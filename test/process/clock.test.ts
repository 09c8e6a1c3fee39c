import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { applyEvent, foldEvents } from "../../src/record/foldEvents.ts";
import { readJournal, readRecord } from "../../src/run/journal/readJournal.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { mustBeWhole } from "../campaign/outcome.ts";
import { CLI, ended, env, kill, until, Workspace, type Said } from "../campaign/workspace.ts";

const CLOCK = pathToFileURL(join(import.meta.dirname, "clock.mjs")).href;
const DAY = 24 * 3600 * 1000;

function workspace(t: TestContext): Workspace {
  const place = Workspace.make("adept");
  t.after(() => {
    for (const pid of place.processes()) kill(pid);
    place.remove();
  });
  return place;
}

/** Runs a command whose processes, including its worker, have a shifted clock. */
async function atAnotherTime(
  place: Workspace,
  { off, after = 0 }: { off: number; after?: number },
  ...args: string[]
): Promise<Said> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: place.folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, NODE_OPTIONS: `--import ${CLOCK}`, ADEPT_CLOCK: String(off), ADEPT_CLOCK_AFTER: String(after) },
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk: Buffer) => {
      said[name] += chunk.toString();
    });
  await ended(child);
  return { status: child.exitCode ?? -1, ...said };
}

async function interrupted(place: Workspace): Promise<RunDirectory> {
  const child = place.start("cli", "train", "words.adept.json");
  assert.ok(await until(() => (place.run?.record().checkpointStep ?? 0) >= 5));
  kill(place.run!.workerPid);
  await ended(child);
  return place.run!;
}

/** Checks that no duration in the journal and the record is negative. */
function mustTakeTime(run: RunDirectory): void {
  const { events } = readJournal(run.path);
  const record = run.record();
  for (const event of events) {
    if (event.type === "step") assert.ok(event.tokensPerSecond > 0 && event.secondsLeft >= 0, JSON.stringify(event));
    if (event.type === "evaluation") assert.ok((event.seconds ?? 0) >= 0, JSON.stringify(event));
  }
  assert.deepEqual(
    [record.analyses["stability"]?.status, (record.analyses["stability"]?.seconds ?? 0) >= 0],
    ["finished", true],
  );
  assert.deepEqual(readRecord(run.path).record, foldEvents(events), "the short way of reading is the long one's");
}

test("a run resumed two days before its start has its events in order, the right end, and the same bits", async (t) => {
  const place = workspace(t);
  const run = await interrupted(place);
  const { events: first } = readJournal(run.path);
  const { status, stderr } = await atAnotherTime(place, { off: -2 * DAY }, "resume", run.id, "--json");
  const { events } = readJournal(run.path);
  assert.equal(status, 0, stderr);
  assert.deepEqual(events.slice(0, first.length), first);
  const later = events.slice(first.length);
  const last = events.at(-1)!;
  assert.ok(
    later.every(({ time }) => time < first[0]!.time),
    "its clock was put back",
  );
  assert.deepEqual(
    [last.type === "status" && last.status, run.record().status, run.record().lastStep?.step],
    ["finished", "finished", 12],
  );
  mustTakeTime(run);
  await mustBeWhole(place, run, "adept");
  const listed = await place.adept("runs", "list", "--json");
  assert.equal((JSON.parse(listed.stdout) as { status: string }[])[0]?.status, "finished");
});

test("a clock that is set back while a run is in training makes no duration negative", async (t) => {
  const place = workspace(t);
  // Each event reads the clock, which goes back by a day with each read from the twelfth on.
  const { status, stderr } = await atAnotherTime(
    place,
    { off: -DAY, after: 12 },
    "train",
    "words.adept.json",
    "--json",
  );
  const { events } = readJournal(place.run!.path);
  assert.equal(status, 0, stderr);
  assert.ok(
    events.some(({ time }, i) => i > 0 && time < events[i - 1]!.time - DAY / 2),
    "it was put back in the midst",
  );
  mustTakeTime(place.run!);
  await mustBeWhole(place, place.run!, "adept");
  const state = { type: "analysis", name: "offsets", time: 5000 } as const;
  assert.equal(
    applyEvent(applyEvent(foldEvents([]), { ...state, status: "started" }), {
      ...state,
      status: "finished",
      time: 1000,
    }).analyses["offsets"]?.seconds,
    undefined,
  );
});

for (const [when, off] of [
  ["ten days ago", -10 * DAY],
  ["in ten days", 10 * DAY],
] as const) {
  test(`whoever looks ${when} takes a living worker for alive, and a dead one for dead`, async (t) => {
    const place = workspace(t);
    const child = place.start(
      "cli",
      "train",
      "words.adept.json",
      "--no-git",
      "--set",
      "training.steps=5000",
      "--set",
      "training.evaluateEvery=5000",
    );
    assert.ok(await until(() => (place.run?.record().lastStep?.step ?? 0) >= 2));
    const run = place.run!;
    const look = async (): Promise<unknown> => {
      const { stdout } = await atAnotherTime(place, { off }, "runs", "list", "--json");
      return (JSON.parse(stdout) as { status: string; interruptions: number }[]).map(({ status, interruptions }) => [
        status,
        interruptions,
      ]);
    };
    assert.deepEqual(await look(), [["running", 0]]);
    const taken = await atAnotherTime(place, { off }, "resume", run.id);
    assert.match(taken.stderr, /Another worker is training run/);
    assert.ok(run.isWorkerAlive());
    // A process that follows the run would report it first.
    kill(child.pid);
    await ended(child);
    kill(run.workerPid);
    await until(() => !run.isWorkerAlive());
    assert.deepEqual(await look(), [["interrupted", 1]]);
    assert.deepEqual(await look(), [["interrupted", 1]]);
  });
}
