import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { explainInWorker, exportInWorker, forecastInWorker } from "../../src/executor/workerJobs.ts";
import { reproduceRun } from "../../src/executor/reproduce.ts";
import { UserError } from "../../src/base/errors.ts";
import { workTreeOf } from "../../src/run/git/gitWorkTree.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";

const DIST = join(import.meta.dirname, "../../dist");
const folder = mkdtempSync(join(tmpdir(), "adept-from-run-"));
const runsDir = join(folder, ".adept/runs");
const place = { workerPath: join(DIST, "worker.js"), nodePath: process.execPath, folder };
const never = new AbortController().signal;
const git = (...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: folder, encoding: "utf8" });
const words = ["river", "stone", "light", "paper", "green", "seven"];
const data = (yes: string): string =>
  Array.from({ length: 90 }, (_, i) =>
    JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? yes : "no" }),
  ).join("\n");
let run: RunDirectory;

before(() => {
  writeFileSync(join(folder, "data.jsonl"), data("yes"));
  writeFileSync(
    join(folder, "w.adept.json"),
    JSON.stringify({
      name: "words",
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 4, bottleneck: 6 },
      training: {
        steps: 25,
        batchSize: 8,
        maxTargetLength: 3,
        warmup: 3,
        prediction: "labels",
        learningRate: { prompt: 0.3 },
      },
      engine: { threads: 1 },
    }),
  );
  git("init", "-q");
  git("add", "data.jsonl", "w.adept.json");
  git("commit", "-q", "-m", "start");
  execFileSync(process.execPath, [join(DIST, "cli.js"), "train", "w.adept.json"], { cwd: folder, stdio: "pipe" });
  run = listRuns(runsDir)[0]!;
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reproduced(original: RunDirectory): Promise<ReturnType<RunDirectory["record"]>> {
  const again = await reproduceRun({ ...place, runPath: original.path, runsDir });
  for (let i = 0; i < 600; i++) {
    const record = again.run.record();
    if (record.status === "failed") throw new Error(record.error?.message);
    if (record.status === "finished") {
      assert.equal(existsSync(workTreeOf(again.run.path)!), false, "its work tree is gone");
      return record;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("not finished");
}

test("a run made again from its commit gives the same bytes, though its data have changed since", async () => {
  writeFileSync(join(folder, "data.jsonl"), data("perhaps"));
  const record = await reproduced(run);
  assert.deepEqual(
    [record.reproduced?.same, record.reproduced?.of, record.reproduced?.steps, record.reproduced?.firstDifference],
    [true, run.id, 25, undefined],
  );
  assert.equal(record.reproduced?.metric?.value, record.reproduced?.metric?.was);
  assert.match(readFileSync(join(folder, "data.jsonl"), "utf8"), /perhaps/, "the user's own file is as it was");
  assert.equal(git("worktree", "list").trim().split("\n").length, 1);
});

test("one that comes out otherwise says from which step on", async () => {
  // As if the original had been trained with another seed.
  const path = join(run.path, "experiment.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(text) as object), seed: 7 }));
  try {
    const { reproduced: found } = await reproduced(run);
    assert.equal(found?.same, false);
    assert.equal(found?.firstDifference?.step, 1);
    assert.notEqual(found?.firstDifference?.loss, found?.firstDifference?.was);
  } finally {
    writeFileSync(path, text);
  }
});

test("a prediction says how likely it is and what each token's offset did for it", async () => {
  const [first, second] = await explainInWorker(
    place,
    { runPath: run.path, texts: ["river stone 3", "--light of paper"] },
    never,
  );
  assert.equal(second!.input, "--light of paper", "a text is never an option");
  assert.equal(
    first!.tokens
      .map(({ text }) => text)
      .join("")
      .trim(),
    "river stone 3</s>",
  );
  assert.ok(first!.probability > 0 && first!.probability <= 1);
  assert.ok(first!.tokens.every(({ norm, effect }) => norm !== undefined && norm > 0 && effect !== undefined));
  assert.ok(first!.tokens.some(({ effect }) => Math.abs(effect!) > 1e-6));
  const predicted = JSON.parse(
    execFileSync(process.execPath, [join(DIST, "cli.js"), "predict", run.id, "river stone 3", "--json"], {
      cwd: folder,
      encoding: "utf8",
    }),
  ) as { predictions: { prediction: string }[] };
  assert.equal(first!.prediction, predicted.predictions[0]!.prediction, "what the terminal predicts");
});

test("texts longer than an argument may be, and with units that none may hold, are predicted on", async () => {
  const texts = ["好".repeat(50_000), "a\0b river", "\ud83d stone"];
  const results = await explainInWorker(place, { runPath: run.path, texts }, never);
  assert.deepEqual(
    results.map(({ input }) => input),
    texts.map((text) => text),
  );
  assert.ok(results[0]!.cut >= 0 && results.every(({ probability }) => probability > 0));
});

test("adapter and folded model are exported once, and not over something else", async () => {
  const out = join(folder, "out");
  await exportInWorker(place, { runPath: run.path, out, folded: true }, never);
  assert.ok(existsSync(join(out, "model.safetensors")) && existsSync(join(out, "folded_input.safetensors")));
  await assert.rejects(
    exportInWorker(place, { runPath: run.path, out, folded: false }, never),
    (error) => error instanceof UserError && /is there already/.test(error.message),
  );
});

test("a forecast is made of real steps; what cannot be run is said as the user's to mend", async () => {
  const { secondsPerStep, seconds, memory, trainable, freeMemory } = await forecastInWorker(
    place,
    join(folder, "w.adept.json"),
    never,
  );
  assert.ok(secondsPerStep > 0 && seconds > 25 * secondsPerStep && memory > 50e6 && freeMemory > 0);
  assert.equal(trainable, run.record().trainable);
  writeFileSync(
    join(folder, "bad.adept.json"),
    JSON.stringify({
      name: "bad",
      task: { kind: "file", train: "none.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept" },
    }),
  );
  await assert.rejects(
    forecastInWorker(place, join(folder, "bad.adept.json"), never),
    (error) => error instanceof UserError && /none\.jsonl/.test(error.message),
  );
});
