import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BYTE_VOCABULARY, writeByteTokenizer } from "../unit/model/byteTokenizer.ts";
import { randomModel, TINY_CODEGEN, TINY_LLAMA } from "../unit/model/tinyCausal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const ROOT = join(import.meta.dirname, "../..");
const LLAMA = { ...TINY_LLAMA, vocab_size: BYTE_VOCABULARY, hidden_size: 32, intermediate_size: 64 };
const SUMS = [1, 2, 3, 4, 5, 6].map((a) => ({
  question: `Ann has ${a} eggs and buys 2. How many has she?`,
  answer: `She has ${a} + 2 = <<${a}+2=${a + 2}>>${a + 2} eggs.\n#### ${a + 2}`,
}));
const PROGRAMS = [1, 2].map((a) => ({
  text: `Add ${a}.`,
  code: `def f(x):\n  return x + ${a}`,
  test_list: [`assert f(1) == ${a + 1}`],
  test_setup_code: "",
  test_imports: [],
}));
const canRun = process.platform === "linux" && existsSync("/usr/bin/bwrap") && existsSync("/usr/bin/python3");

const made: string[] = [];
after(async () => {
  for (const each of made) await removeWorkspace(each);
});

interface Evaluation {
  type: string;
  split: string;
  label: string;
  loss: number;
  metrics: Record<string, number>;
}

/** Trains an example for two steps on a random model of its family; all else is as the example has it. */
function trained(example: string, config: Parameters<typeof randomModel>[0], rows: readonly object[]): Evaluation[] {
  const workspace = mkdtempSync(join(tmpdir(), "adept-process-"));
  made.push(workspace);
  const model = randomModel(config);
  writeByteTokenizer(model);
  const data = join(workspace, "data");
  mkdirSync(data);
  for (const split of ["train", "validation", "test"])
    writeFileSync(join(data, `${split}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const set = {
    backbone: model,
    "task.folder": data,
    "training.steps": 2,
    "training.warmup": 0,
    "training.evaluateEvery": 2,
    "training.maxTargetLength": 64,
    "training.validationLimit": 2,
    "training.testLimit": 2,
  };
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, "dist/cli.js"),
      "train",
      join(ROOT, "examples", example),
      ...Object.entries(set).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
      "--no-git",
    ],
    { cwd: workspace, encoding: "utf8", timeout: 300_000 },
  );
  rmSync(model, { recursive: true });
  assert.equal(status, 0, stderr);
  const [id] = readdirSync(join(workspace, ".adept/runs"));
  return readFileSync(join(workspace, ".adept/runs", id!, "events.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Evaluation)
    .filter(({ type }) => type === "evaluation");
}

const onTest = (all: readonly Evaluation[], label: string): Evaluation =>
  all.find((each) => each.split === "test" && each.label === label)!;

test("the example of GSM8K on a Llama in four bits trains, and is judged by the last number", () => {
  const all = trained("gsm8k.adept.json", LLAMA, SUMS);
  const [before, now] = [onTest(all, "untrained"), onTest(all, "trained")];
  assert.equal(now.metrics["finalNumber"], 0);
  assert.ok(now.loss < before.loss, `${now.loss} is no less than ${before.loss}`);
});

if (canRun)
  test("the example of MBPP on a CodeGen draws programs, and runs them behind walls", () => {
    const { metrics } = onTest(trained("mbpp.adept.json", TINY_CODEGEN, PROGRAMS), "trained");
    // A random model writes no program that passes.
    assert.deepEqual([metrics["passAt1"], metrics["passAt10"]], [0, 0]);
  });
