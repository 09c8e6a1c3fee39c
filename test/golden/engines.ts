import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { findTensorFlow } from "../../src/engine/tfjs/findTensorFlow.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";

/** What test/tfjs/build.sh makes; ADEPT_TFJS names another place. */
const BUILT = join(import.meta.dirname, "../cache/tfjs");
if (process.env["ADEPT_TFJS"] === undefined && existsSync(join(BUILT, "node_modules")))
  process.env["ADEPT_TFJS"] = BUILT;

/** Where .ci/run installs PyTorch; ADEPT_PYTHON names another Python. */
const INSTALLED = join(import.meta.dirname, "../cache/python/bin/python");

/** Whether a Python has PyTorch, which is not imported: that takes seconds. */
const pythonHasTorch = (python: string): boolean =>
  spawnSync(python, ["-I", "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"], {
    stdio: "ignore",
  }).status === 0;

function pythonWithTorch(): string | undefined {
  const named = process.env["ADEPT_PYTHON"] ?? "";
  const python = named === "" ? INSTALLED : resolve(named);
  return existsSync(python) && pythonHasTorch(python) ? python : undefined;
}

const python = pythonWithTorch();
// The engine starts its process in another folder, and so do the command lines that tests start.
if (python !== undefined) process.env["ADEPT_PYTHON"] = python;

export const CPU: EngineSpec = { device: "cpu", threads: 1, replicas: 1 };
export const TFJS: EngineSpec = { device: "tfjs", threads: 1, replicas: 1 };
export const TORCH: EngineSpec = { device: "torch", torchDevice: "cpu", threads: 1, replicas: 1 };
export const hasTensorFlow = findTensorFlow() !== undefined;
export const hasTorch = python !== undefined;

/** Says that TensorFlow.js is not here; where ADEPT_REQUIRE_TFJS is set, that is a failure. */
export function withTensorFlow(title: string, define: () => void): void {
  if (hasTensorFlow) {
    define();
    return;
  }
  test(`${title}: NOT TESTED ON TFJS, which is not on this machine; test/tfjs/build.sh builds it`, (context) => {
    if (process.env["ADEPT_REQUIRE_TFJS"] === "1")
      throw new Error(
        "ADEPT_REQUIRE_TFJS is set, and TensorFlow.js is neither in test/cache/tfjs nor where ADEPT_TFJS says",
      );
    context.skip();
  });
}

/** Says that PyTorch is not here; where ADEPT_REQUIRE_TORCH is set, that is a failure. */
export function withTorch(title: string, define: () => void): void {
  if (hasTorch) {
    define();
    return;
  }
  test(`${title}: NOT TESTED ON PYTORCH, which is not on this machine; ADEPT_PYTHON names a Python that has it`, (context) => {
    if (process.env["ADEPT_REQUIRE_TORCH"] === "1")
      throw new Error(
        "ADEPT_REQUIRE_TORCH is set, and neither the Python that ADEPT_PYTHON names nor test/cache/python has torch",
      );
    context.skip();
  });
}

/**
 * The same tests on every engine of this machine: onnxruntime's CPU always, TensorFlow.js and PyTorch's CPU where they
 * are found.
 */
export function onEngines(title: string, define: (engine: EngineSpec) => void): void {
  define(CPU);
  withTensorFlow(title, () => {
    define(TFJS);
  });
  withTorch(title, () => {
    define(TORCH);
  });
}
