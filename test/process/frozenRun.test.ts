import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readHeader } from "../../src/backbone/files/safetensors.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const FROZEN = join(import.meta.dirname, "../frozen/version1");
const FINISHED = "20261127-094819-vo56";
const STOPPED = "20261127-094821-9q9j";

/** Runs as version 1 wrote them, in a project that has moved since. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-frozen-"));
  const runs = join(folder, ".adept/runs");
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  cpSync(FROZEN, runs, { recursive: true });
  for (const id of readdirSync(runs))
    for (const name of ["experiment.json", "events.jsonl"]) {
      const path = join(runs, id, name);
      writeFileSync(path, readFileSync(path, "utf8").replaceAll("FOLDER", folder));
    }
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 24 }, (_, i) =>
      JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  return folder;
}

test("runs of the first version are read, whole, used and gone on with: journals without checksums, a checkpoint whose digest is of its tensors alone", () => {
  const folder = project();
  const adept = (...args: string[]): unknown => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr + stdout);
    return JSON.parse(stdout);
  };
  try {
    const records = adept("runs", "list", "--json") as RunRecord[];
    const [stopped, finished] = records as [RunRecord, RunRecord];
    assert.deepEqual(
      records.map(({ id, name, status, steps, trainable, lastStep }) => [
        id,
        name,
        status,
        steps,
        trainable,
        lastStep?.step,
      ]),
      [
        [STOPPED, "stopped", "stopped", 400, 128, 63],
        [FINISHED, "finished", "finished", 6, 128, 6],
      ],
    );
    assert.deepEqual(
      finished.evaluations.map(({ split, label, step }) => [split, label, step]),
      [
        ["validation", "trained", 4],
        ["validation", "trained", 6],
        ["test", "trained", 4],
        ["test", "untrained", 4],
        ["test", "prompt-off", 4],
      ],
    );
    assert.deepEqual(adept("runs", "check", "--json"), [
      { id: STOPPED, troubles: [] },
      { id: FINISHED, troubles: [] },
    ]);
    assert.match(JSON.stringify(adept("predict", FINISHED, "river stone 1", "--json")), /river stone 1/);
    assert.equal(
      readHeader(join(FROZEN, STOPPED, "checkpoint/state.safetensors")).metadata["format"],
      "adept-checkpoint-1",
    );
    const resumed = adept("resume", STOPPED, "--json") as RunRecord;
    const steps = readJournal(join(folder, ".adept/runs", STOPPED)).events.flatMap((event) =>
      event.type === "step" ? [event.step] : [],
    );
    assert.deepEqual([resumed.status, resumed.warnings, resumed.lastStep?.step], ["finished", [], 400]);
    assert.deepEqual(
      steps,
      Array.from({ length: 400 }, (_, i) => i + 1),
      "it goes on where it was",
    );
    assert.equal(stopped.interruptions, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
