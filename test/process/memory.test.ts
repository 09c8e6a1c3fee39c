import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError, type ErrorData } from "../../src/base/errors.ts";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const WORKER = join(import.meta.dirname, "../../dist/worker.js");

interface Place {
  folder: string;
  train: (
    free: number | undefined,
    ...sets: string[]
  ) => { status: number | null; stderr: string; record: RunRecord; adapter: () => string };
}
const EXPERIMENT = {
  name: "words",
  task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
  method: { kind: "pt", promptLength: 3 },
  training: {
    steps: 2,
    batchSize: 8,
    evaluateEvery: 100,
    checkpointEvery: 100,
    maxSourceLength: 150,
    maxTargetLength: 3,
    warmup: 2,
    testLimit: 4,
    validationLimit: 4,
  },
  engine: { device: "cpu", replicas: 2 },
  git: false,
};

function workspace(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), "adept-memory-"));
  const runsDir = join(folder, ".adept/runs");
  t.after(async () => {
    await removeWorkspace(folder);
  });
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({ text: `stone ${i % 7} river `.repeat(30), label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(join(folder, "words.adept.json"), JSON.stringify(EXPERIMENT));
  return {
    folder,
    train: (free, ...sets) => {
      const { status, stderr } = spawnSync(
        process.execPath,
        [CLI, "train", "words.adept.json", ...sets.flatMap((set) => ["--set", set])],
        {
          cwd: folder,
          encoding: "utf8",
          env: { ...process.env, ...(free !== undefined && { ADEPT_MEMORY_AVAILABLE: String(free) }) },
        },
      );
      const path = join(runsDir, readdirSync(runsDir).sort().at(-1)!);
      const { events } = readJournal(path);
      const types = events.map(({ type }) => type);
      assert.ok(
        !types.includes("memory") || types.indexOf("memory") < types.indexOf("plan"),
        "told before the first step",
      );
      return {
        status,
        stderr,
        record: foldEvents(events),
        adapter: () => readFileSync(join(path, "adapter/adapter_model.safetensors")).toString("hex"),
      };
    },
  };
}

test("a run takes fewer copies of the model where memory is scarce, to the same bits, and says so", (t) => {
  const { train } = workspace(t);
  const plenty = train(undefined);
  const { memory } = plenty.record;
  assert.equal(plenty.status, 0, plenty.stderr);
  assert.ok(memory !== undefined && memory.needed > 100e6 && memory.available > memory.needed, JSON.stringify(memory));
  assert.deepEqual([memory.copies, memory.wanted], [2, 2]);
  assert.match(
    plenty.stderr,
    /^memory: tiny-t5, fp32: needs \d+ MB, \d+(\.\d)? [MG]B are free; about \d+(\.\d+)? m?s a step of \d+ tokens$/m,
  );
  // A step has 8 rows, each of 3 tokens of the prompt and of a text of at most 150.
  const tokens = memory.step!.tokens;
  assert.ok(tokens > 8 * (3 + 50) && tokens <= 8 * (3 + 150), `${tokens}`);
  assert.deepEqual([memory.backbone, memory.weights], ["tiny-t5", "fp32"]);
  const scarce = train(Math.round(0.6 * memory.needed));
  assert.equal(scarce.status, 0, scarce.stderr);
  assert.deepEqual([scarce.record.memory?.copies, scarce.record.memory?.wanted], [1, 2]);
  assert.ok(scarce.record.memory!.needed < 0.8 * memory.needed);
  assert.match(scarce.stderr, /^memory: .* are free; copies of the model: 1 instead of 2; about /m);
  assert.match(
    scarce.record.memory!.less ?? "",
    /^"engine": \{ "memory": "spare" \}, whose steps take about a tenth more time, would need \d+ MB$/,
  );
  assert.ok(!/2 copies/.test(scarce.record.device!));
  assert.equal(scarce.adapter(), plenty.adapter());
});

test("a run that fits with one copy only if it keeps less computes layers again, to the same bits, and says so", (t) => {
  const { train } = workspace(t);
  const one = train(undefined, "engine.replicas=1");
  const needed = one.record.memory!.needed;
  const again = train(Math.round(0.97 * needed));
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual([again.record.memory?.copies, again.record.memory?.recomputed], [1, true]);
  assert.ok(again.record.memory!.needed <= 0.97 * needed);
  assert.match(again.stderr, /; each layer is computed again in the backward pass; about /m);
  assert.equal(again.adapter(), one.adapter());
});

test("a run that fits with one copy neither ends before its first step with what would fit, and can be started all the same", (t) => {
  const { train, folder } = workspace(t);
  const one = train(undefined, "engine.replicas=1").record.memory!.needed;
  // What it needs with layers computed again, below which it does not start.
  const { needed, recomputed } = train(Math.round(0.97 * one)).record.memory!;
  assert.ok(needed < one && recomputed === true, `${needed} of ${one}`);
  const free = Math.round(0.97 * needed);
  const short = train(free);
  assert.equal(short.status, 1);
  assert.deepEqual([short.record.status, short.record.lastStep, short.record.memory], ["failed", undefined, undefined]);
  assert.match(short.record.error!.message, /^Training needs \d+ MB of memory, this machine has \d+ MB free$/);
  const [, spare, length, need] =
    /^"engine": \{ "memory": "spare" \}, whose steps take about a tenth more time, would need (\d+) MB; training\.maxSourceLength (\d+) would need (\d+) MB; a smaller backbone needs less too \(the weights of this one take \d+ MB\)\. "engine": \{ "memory": "ignore" \} starts the run without this check\.$/.exec(
      short.record.error!.action!,
    ) ?? [];
  assert.ok(Number(length) < 150 && Number(need) * 1e6 <= free, short.record.error!.action);
  assert.equal(train(free, `training.maxSourceLength=${length!}`).status, 0, "what it says that fits does");
  const spared = train(Number(spare) * 1e6 + 5e5, "engine.memory=spare");
  assert.deepEqual([spared.status, spared.record.memory?.copies], [0, 1], spared.stderr);
  assert.ok(spared.record.memory!.needed < 0.9 * one);
  const none = train(1e6);
  assert.match(none.record.error!.action!, /^its weights alone take \d+ MB: use a smaller backbone\. /);
  const ignored = train(1e6, "engine.memory=ignore");
  assert.deepEqual([ignored.status, ignored.record.memory?.copies, ignored.record.memory?.available], [0, 2, 1e6]);
  const measured = spawnSync(process.execPath, [WORKER, "measure", join(folder, "words.adept.json")], {
    encoding: "utf8",
    env: { ...process.env, ADEPT_MEMORY_AVAILABLE: "1000000" },
  });
  const { error } = JSON.parse(measured.stdout) as { error: ErrorData };
  assert.match(
    UserError.of(error).message,
    /Training needs \d+ MB of memory, this machine has 1 MB free/,
    "the setup page's measuring does not start it either",
  );
});
