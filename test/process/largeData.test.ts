import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunEvent } from "../../src/record/events.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");

/** A folder with a table of so many rows, each with words of its own, and an experiment on it. */
function workspace(rows: number): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), "adept-large-"));
  const lines = Array.from({ length: rows }, (_, at) => {
    const words = Array.from({ length: 50 }, (__, word) => `n${(at * 50 + word).toString(36)}`);
    return `${at},"${words.join(" ")}",${at % 3 === 0 ? "yes" : "no"}`;
  });
  writeFileSync(join(folder, "data.csv"), `id,text,label\n${lines.join("\n")}\n`);
  writeFileSync(
    join(folder, "x.adept.json"),
    JSON.stringify({
      name: "large",
      task: { kind: "file", train: "data.csv", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 4, bottleneck: 4 },
      training: { steps: 2, batchSize: 4, warmup: 0, maxTargetLength: 3, validationLimit: 8, testLimit: 8 },
      engine: { device: "cpu" },
      git: false,
    }),
  );
  return { folder, env: { ...process.env, ADEPT_CACHE: join(folder, "cache") } };
}

function eventsOf(folder: string): RunEvent[] {
  const runs = join(folder, ".adept/runs");
  const [id] = existsSync(runs) ? readdirSync(runs).sort().slice(-1) : [];
  return id === undefined ? [] : readJournal(join(runs, id)).events;
}

const progressOf = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === "status" && event.message?.startsWith("Reading") ? [event.message] : []));

test("a large table is read with progress, stopped meanwhile, begun again, and known the next time", async () => {
  const { folder, env } = workspace(45_000);
  const adept = (...args: string[]): ReturnType<typeof spawnSync> & { stdout: string } =>
    spawnSync(process.execPath, [CLI, ...args], { cwd: folder, env, encoding: "utf8" });
  try {
    const child = spawn(process.execPath, [CLI, "train", "x.adept.json"], { cwd: folder, env, stdio: "ignore" });
    const ended = new Promise((done) => child.once("exit", done));
    while (progressOf(eventsOf(folder)).length === 0) {
      assert.equal(child.exitCode, null, "it ended before it told of its progress");
      await new Promise((done) => setTimeout(done, 20));
    }
    assert.equal(adept("stop", "latest").status, 0);
    await ended;
    assert.equal(foldEvents(eventsOf(folder)).status, "stopped");
    assert.deepEqual(
      readdirSync(join(folder, "cache/examples")).filter((name) => name.endsWith(".tmp")),
      [],
    );
    assert.match(progressOf(eventsOf(folder))[0]!, /^Reading data\.csv: \d+ %$/);

    const resumed = adept("resume", "latest");
    assert.equal(resumed.status, 0, resumed.stdout);
    const first = eventsOf(folder);
    assert.equal(foldEvents(first).status, "finished");

    assert.equal(adept("train", "x.adept.json").status, 0);
    const again = eventsOf(folder);
    assert.deepEqual(progressOf(again), []);
    const losses = (events: readonly RunEvent[]): number[] =>
      events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    assert.equal(losses(again).length, 2);
    assert.deepEqual(losses(again), losses(first));
  } finally {
    await removeWorkspace(folder);
  }
});
