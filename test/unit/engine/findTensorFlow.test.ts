import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { findTensorFlow, installCommand } from "../../../src/engine/tfjs/findTensorFlow.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import { UserError } from "../../../src/base/errors.ts";

let folder: string;
const before = process.env["ADEPT_TFJS"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adept-find-"));
  process.env["ADEPT_TFJS"] = folder;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env["ADEPT_TFJS"];
  else process.env["ADEPT_TFJS"] = before;
});

function install(name: string, native = true): string {
  const at = join(folder, "node_modules/@tensorflow", name);
  mkdirSync(join(at, "lib/napi-v8"), { recursive: true });
  writeFileSync(
    join(at, "package.json"),
    JSON.stringify({ name: `@tensorflow/${name}`, version: "4.22.0", main: "index.js" }),
  );
  writeFileSync(join(at, "index.js"), "throw new Error('libcudart.so.11.0: cannot open shared object file');");
  if (native) writeFileSync(join(at, "lib/napi-v8/tfjs_binding.node"), "");
  return at;
}
const told =
  (...words: (RegExp | string)[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof UserError, String(error));
    for (const word of words)
      assert.ok(
        typeof word === "string"
          ? `${error.message} ${error.action}`.includes(word)
          : word.test(`${error.message} ${error.action}`),
        `${error.message} ${error.action} lacks ${word}`,
      );
    return true;
  };

test("TensorFlow.js is looked for in the folder that ADEPT_TFJS names and nowhere else, the form for GPUs first", () => {
  assert.equal(findTensorFlow(), undefined);
  assert.match(installCommand(), /^npm install .*@tensorflow\/tfjs-node-gpu@4\.22\.0$/);
  assert.ok(installCommand().includes(folder));
  const cpu = install("tfjs-node");
  assert.deepEqual(findTensorFlow(), { name: "@tensorflow/tfjs-node", folder: cpu });
  const gpu = install("tfjs-node-gpu");
  assert.deepEqual(findTensorFlow(), { name: "@tensorflow/tfjs-node-gpu", folder: gpu });
});

test("a package without its native part, one that does not load, and none at all: each is reported with the command that helps", () => {
  assert.throws(
    () => openEngine({ device: "tfjs", threads: 0, replicas: 1 }),
    told("engine.device", "not installed", "CUDA 11.2", "cuDNN 8.1", installCommand()),
  );
  install("tfjs-node-gpu", false);
  assert.throws(findTensorFlow, told("tfjs-node-gpu", "native part", installCommand()));
  install("tfjs-node-gpu");
  assert.throws(
    () => openEngine({ device: "tfjs", threads: 0, replicas: 1 }),
    told("libcudart.so.11.0", "tfjs-node-gpu", "CUDA 11.2"),
  );
});
