import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startAnalysis } from "../../../src/executor/startWorker.ts";
import { UserError } from "../../../src/base/errors.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { Journal } from "../../../src/run/journal/journal.ts";
import { JournalTail } from "../../../src/run/journal/journalTail.ts";
import { readJournal, readRecord } from "../../../src/run/journal/readJournal.ts";
import { localHolderOf } from "../../../src/run/lease/lease.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { readIndex, writeIndex } from "../../../src/run/directory/runIndex.ts";

const ID = "20260101-000000-abcd";
const experiment = ResolvedExperiment.parse({ name: "x", task: { kind: "mail" }, method: { kind: "pt" } });
function inRun(name: string, work: (run: RunDirectory, folder: string) => void | Promise<void>): void {
  test(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-hostile-"));
    try {
      await work(RunDirectory.create(join(folder, "runs"), ID, experiment), folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
const isLink = (error: unknown): boolean => error instanceof UserError && /is a symbolic link/.test(error.message);

inRun("nothing is written through a symbolic link in the place of a run's file", (run, folder) => {
  const victim = join(folder, "victim");
  for (const [name, write] of [
    ["events.jsonl", () => new Journal(run.path)],
    [
      "control",
      () => {
        run.requestStop();
      },
    ],
    [
      "analysis.control",
      () => {
        run.requestAnalysisStop();
      },
    ],
  ] as const) {
    writeFileSync(victim, "mine\n");
    rmSync(join(run.path, name), { force: true });
    symlinkSync(victim, join(run.path, name));
    assert.throws(write, isLink, name);
    assert.equal(readFileSync(victim, "utf8"), "mine\n", name);
    rmSync(join(run.path, name));
  }
});

inRun("no worker is started if one of a run's folders, or its log, is a symbolic link", (run, folder) => {
  const elsewhere = join(folder, "elsewhere");
  const place = { workerPath: "/nonexistent", nodePath: process.execPath, folder };
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(run.path, "analysis"));
  assert.throws(() => startAnalysis({ ...place, runPath: run.path, names: ["ablation"] }), isLink);
  rmSync(join(run.path, "analysis"));
  symlinkSync(join(elsewhere, "log"), run.logPath);
  assert.throws(() => startAnalysis({ ...place, runPath: run.path, names: ["ablation"] }), isLink);
  assert.ok(!existsSync(join(elsewhere, "log")));
});

inRun("a lease without the start time of its process names no process to stop", async (run) => {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  try {
    writeFileSync(join(run.path, "lease"), JSON.stringify({ pid: child.pid, started: "" }));
    assert.equal(localHolderOf(join(run.path, "lease")), process.platform === "linux" ? undefined : child.pid);
  } finally {
    child.kill("SIGKILL");
  }
  await new Promise((resolve) => child.once("exit", resolve));
});

inRun(
  "a journal of a hundred thousand warnings and evaluations is folded quickly, and its record is bounded",
  (run) => {
    const line = (event: object): string => `${JSON.stringify({ time: 1, ...event })}\n`;
    const all = Array.from(
      { length: 60_000 },
      (_, i) =>
        line({ type: "warning", message: `w${i}` }) + line({ type: "analysis", name: `a${i}`, status: "started" }),
    ).join("");
    writeFileSync(
      run.eventsPath,
      line({
        type: "created",
        version: 1,
        id: ID,
        name: "n".repeat(5000),
        method: "pt",
        task: "mail",
        backbone: "b",
        seed: 0,
        steps: 1,
      }).replace('"time":1,"type":"created"', '"type":"created","time":1') + all,
    );
    const started = Date.now();
    const { record } = readRecord(run.path);
    assert.ok(Date.now() - started < 15_000);
    assert.deepEqual(
      [record.id, record.warnings.length, Object.keys(record.analyses).length, record.name.length],
      [ID, 1000, 50, 301],
    );
  },
);

inRun("a journal of millions of invalid lines is scanned in bounded time, and its last events are read", (run) => {
  const line = (event: object): string => `${JSON.stringify({ time: 1, ...event })}\n`;
  // Lines of the second kind look like events; building the error for one takes microseconds.
  for (const [junk, count] of [
    ["}\n", 8_000_000],
    ["{x}{x}{x}{x}{x}{x}{x}}\n", 3_000_000],
  ] as const) {
    writeFileSync(
      run.eventsPath,
      Buffer.concat([
        Buffer.from(line({ type: "warning", message: "first" })),
        Buffer.alloc(junk.length * count, junk),
        Buffer.from(line({ type: "warning", message: "last" })),
      ]),
    );
    const from = process.cpuUsage();
    const { record } = readRecord(run.path);
    const tail = new JournalTail(run.path);
    const events = [...tail.read(), ...tail.read()];
    const { bad } = readJournal(run.path);
    const { user, system } = process.cpuUsage(from);
    assert.equal(record.warnings.at(-1), "last");
    assert.deepEqual(events.at(-1), { type: "warning", time: 1, message: "last" });
    assert.ok(bad >= 2_000_000 - 1, String(bad));
    assert.ok((user + system) / 1e6 < 30, `${(user + system) / 1e6} s of work`);
  }
});

inRun("an impossible time and an endless list of names make an event invalid", (run) => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`m${i}`, 1]));
  writeFileSync(
    run.eventsPath,
    [
      { type: "warning", time: 1e300, message: "x" },
      { type: "warning", time: -1, message: "x" },
      { type: "evaluation", time: 1, step: 1, split: "test", loss: 1, examples: 1, metrics: many },
      { type: "warning", time: 1, message: "kept" },
    ]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(""),
  );
  const { events, bad } = readJournal(run.path);
  assert.deepEqual([events.length, bad], [1, 3]);
  assert.deepEqual(new JournalTail(run.path).read(), events);
});

inRun("an index with an invalid record is ignored", (run, folder) => {
  const runs = join(folder, "runs");
  const record = { ...foldEvents([]), id: ID, name: "x", status: "finished" as const };
  const given = (more: object): number => {
    writeIndex(runs, [[ID, { size: 1, record: { ...record, ...more } }]]);
    return readIndex(runs).size;
  };
  assert.equal(given({}), 1);
  for (const more of [
    { note: {} },
    { lastStep: "x" },
    { reproduced: { of: "a", same: false, steps: 1, firstDifference: { step: 1, loss: "1", was: 2 } } },
    { engine: { device: "cpu" } },
    { analyses: { a: {} } },
    { updatedAt: 1e300 },
    { warnings: [1] },
  ])
    assert.equal(given(more), 0, JSON.stringify(more));
});
