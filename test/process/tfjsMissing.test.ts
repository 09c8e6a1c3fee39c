import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const CLI = join(import.meta.dirname, "../../dist/cli.js");

test("where TensorFlow.js is missing, doctor says how to install it and what it wants, and a run that asks for it does not start", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-missing-"));
  const place = join(folder, "tfjs");
  const adept = (...args: string[]) =>
    spawnSync(process.execPath, [CLI, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, ADEPT_TFJS: place },
    });
  const line = () =>
    (
      JSON.parse(adept("doctor", "--json").stdout) as { what: string; ok: boolean; detail: string; fix?: string }[]
    ).find(({ what }) => what.startsWith("tfjs"))!;
  try {
    const missing = line();
    assert.equal(missing.ok, false);
    for (const word of ["npm install", place, "tfjs-node", "CUDA 11.2", "cuDNN 8.1"])
      assert.ok(missing.fix?.includes(word), `${missing.fix} lacks ${word}`);
    writeFileSync(join(folder, "data.jsonl"), '{"text":"a","label":"b"}\n'.repeat(20));
    writeFileSync(
      join(folder, "x.adept.json"),
      JSON.stringify({
        name: "x",
        task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
        method: { kind: "adept", promptLength: 2, bottleneck: 2 },
      }),
    );
    const { status, stderr } = adept("train", "x.adept.json", "--no-git", "--set", "engine.device=tfjs");
    assert.equal(status, 1);
    assert.match(stderr, /engine\.device.*tfjs[^]*npm install/);
    assert.ok(!existsSync(join(folder, ".adept/runs")));
    const native = join(place, "node_modules/@tensorflow/tfjs-node/lib/napi-v8");
    mkdirSync(native, { recursive: true });
    writeFileSync(join(native, "tfjs_binding.node"), "");
    const { ok, detail } = line();
    assert.match(`${ok} ${detail}`, /^false .*does not load/, "what is there and damaged is told as such");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
