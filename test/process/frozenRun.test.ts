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

/** A finished run of each method besides full fine-tuning and prompt tuning, with sizes as version 1 wrote them. */
const FROZEN_METHODS = join(import.meta.dirname, "../frozen/version1Methods");
/** For each method the number of trained parameters, the sizes, and the answer of version 1 to "river stone 1". */
const BY_METHOD: Readonly<Record<string, [number, { promptLength: number; bottleneck: number }, string]>> = {
  adept: [513, { promptLength: 1, bottleneck: 1 }, "garage"],
  dept: [416, { promptLength: 1, bottleneck: 2 }, "garage"],
  mpt: [257, { promptLength: 1, bottleneck: 0 }, "garage"],
  lora: [2048, { promptLength: 0, bottleneck: 1 }, "squa"],
  ia3: [5120, { promptLength: 0, bottleneck: 0 }, "squa"],
  adapter: [4620, { promptLength: 0, bottleneck: 1 }, "squa"],
  bitfit: [18176, { promptLength: 0, bottleneck: 0 }, "hamp"],
};

/** Runs as version 1 wrote them, in a project that has been moved since. */
function project(frozen: string): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-frozen-"));
  const runs = join(folder, ".adept/runs");
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  cpSync(frozen, runs, { recursive: true });
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

function answerOf(folder: string, args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr + stdout);
  return JSON.parse(stdout);
}

test("runs of version 1 (journals without checksums, another checkpoint digest) are read, used and resumed", () => {
  const folder = project(FROZEN);
  const adept = (...args: string[]): unknown => answerOf(folder, args);
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

test("a run of every method of the first version is shown with the sizes of its journal, is whole, and answers as it did then", () => {
  const folder = project(FROZEN_METHODS);
  try {
    const records = answerOf(folder, ["runs", "list", "--json"]) as RunRecord[];
    assert.deepEqual(records.map(({ method }) => method).sort(), Object.keys(BY_METHOD).sort());
    const checks = answerOf(folder, ["runs", "check", "--json"]) as { troubles: unknown[] }[];
    assert.deepEqual(
      checks.map(({ troubles }) => troubles),
      records.map(() => []),
    );
    for (const { id, method } of records) {
      const [trainable, sizes, answer] = BY_METHOD[method]!;
      const shown = answerOf(folder, ["runs", "show", id, "--json"]) as RunRecord;
      assert.deepEqual([shown.status, shown.trainable, shown.sizes], ["finished", trainable, sizes], method);
      const { predictions } = answerOf(folder, ["predict", id, "river stone 1", "--json"]) as {
        predictions: { prediction: string }[];
      };
      assert.deepEqual(
        predictions.map(({ prediction }) => prediction),
        [answer],
        method,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("an adapter of every method of the first version evaluates to the losses that its run wrote down", () => {
  const folder = project(FROZEN_METHODS);
  const runs = join(folder, ".adept/runs");
  try {
    for (const id of readdirSync(runs)) {
      const written = readFileSync(join(runs, id, "analysis/predictions-trained.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { input: string; target: string; loss: number });
      const data = join(folder, `${id}.jsonl`);
      writeFileSync(data, written.map(({ input, target }) => JSON.stringify({ input, target })).join("\n"));
      const evaluated = answerOf(folder, [
        ...["evaluate", "--backbone", "tiny-t5", "--adapter", join(runs, id, "adapter")],
        ...["--data", data, "--max-new-tokens", "3", "--json"],
      ]) as { examples: { input: string; loss: number }[] };
      for (const { input, loss } of written) {
        const again = evaluated.examples.find((each) => each.input === input)!;
        assert.ok(Math.abs(again.loss / loss - 1) < 1e-5, `${id}: ${again.loss} for ${loss}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
