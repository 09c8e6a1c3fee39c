import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeByteTokenizer } from "../unit/model/byteTokenizer.ts";
import { randomModel, TINY_CODEGEN } from "../unit/model/tinyCausal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
/** Problems in MBPP's columns. The second's program is wrong, so that learning it does not pass. */
const ROWS = [
  { text: "Add one.", code: "def f(x):\n  return x + 1", test_list: ["assert f(1) == 2", "assert f(-1) == 0"] },
  { text: "Take two.", code: "def g(x):\n  return x + 2", test_list: ["assert g(1) == -1"] },
];
const canRun = process.platform === "linux" && existsSync("/usr/bin/bwrap") && existsSync("/usr/bin/python3");

const folder = mkdtempSync(join(tmpdir(), "adept-process-"));
let model: string;

before(() => {
  model = randomModel(TINY_CODEGEN);
  writeByteTokenizer(model);
  mkdirSync(join(folder, "data"));
  for (const split of ["train", "validation", "test"])
    writeFileSync(
      join(folder, `data/${split}.jsonl`),
      ROWS.map((row) => `${JSON.stringify({ ...row, test_setup_code: "", test_imports: [] })}\n`).join(""),
    );
});
after(async () => {
  rmSync(model, { recursive: true });
  await removeWorkspace(folder);
});

interface Evaluation {
  type: string;
  split: string;
  label: string;
  metrics: Record<string, number>;
}

function evaluations(task: object, training: object): Evaluation[] {
  writeFileSync(
    join(folder, "code.adept.json"),
    JSON.stringify({
      name: "Code",
      backbone: model,
      method: { kind: "full" },
      task: { kind: "named", name: "mbpp", folder: "data", ...task },
      training: { batchSize: 2, maxSourceLength: 64, maxTargetLength: 32, ...training },
      engine: "cpu",
    }),
  );
  const found = spawnSync(process.execPath, [CLI, "train", "code.adept.json", "--no-git"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 300_000,
  });
  assert.equal(found.status, 0, found.stderr);
  const [id] = readdirSync(join(folder, ".adept/runs"));
  return readFileSync(join(folder, ".adept/runs", id!, "events.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Evaluation)
    .filter(({ type }) => type === "evaluation");
}

if (canRun)
  test("a CodeGen that learns MBPP's programs passes with those that are right, greedily and drawn", () => {
    const all = evaluations(
      { runGeneratedCode: true, codeSamples: { count: 10, temperature: 0.05 } },
      { steps: 250, warmup: 10, evaluateEvery: 250, learningRate: { embedding: 0.003, rest: 0.003 } },
    );
    const validation = all.find(({ split }) => split === "validation");
    assert.deepEqual([validation?.metrics["passAt1"], validation?.metrics["passAt10"]], [0.5, undefined]);
    const trained = all.find(({ split, label }) => split === "test" && label === "trained");
    // One of two problems, whichever of its programs is drawn; ten programs make pass@10 known.
    assert.deepEqual([trained?.metrics["passAt1"], trained?.metrics["passAt10"]], [0.5, 0.5]);
    const untrained = all.find(({ label }) => label === "untrained");
    assert.deepEqual([untrained?.metrics["passAt1"], untrained?.metrics["passAt10"]], [0, 0]);
  });
