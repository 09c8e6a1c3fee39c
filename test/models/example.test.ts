import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const MODEL = join(ROOT, "test/cache/smollm2");

test("the example trains ADePT on SmolLM2-135M-Instruct, and the loss falls", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-example-"));
  // Two steps say that it works; the whole example takes minutes.
  const set = {
    backbone: MODEL,
    "training.steps": 2,
    "training.warmup": 0,
    "training.evaluateEvery": 2,
    "training.validationLimit": 4,
    "training.testLimit": 4,
  };
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(ROOT, "dist/cli.js"),
        "train",
        join(ROOT, "examples/smollm2.adept.json"),
        ...Object.entries(set).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
        "--no-git",
      ],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
    const told = stdout + stderr;
    assert.match(told, /57063 trainable parameters/);
    const loss = (label: string): number =>
      Number(new RegExp(`^${label} on test at step 2: loss ([\\d.]+)`, "m").exec(told)?.[1]);
    assert.ok(loss("trained") < loss("untrained"), told);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
