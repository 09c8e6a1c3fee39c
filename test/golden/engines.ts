import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findTensorFlow } from "../../src/engine/tfjs/findTensorFlow.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";

/** What test/tfjs/build.sh makes; ADEPT_TFJS names another place. */
const BUILT = join(import.meta.dirname, "../cache/tfjs");
if (process.env["ADEPT_TFJS"] === undefined && existsSync(join(BUILT, "node_modules")))
  process.env["ADEPT_TFJS"] = BUILT;

export const CPU: EngineSpec = { device: "cpu", threads: 1, replicas: 1 };
export const TFJS: EngineSpec = { device: "tfjs", threads: 1, replicas: 1 };
export const hasTensorFlow = findTensorFlow() !== undefined;

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

/** The same tests on every engine of this machine: onnxruntime's CPU always, TensorFlow.js where it is found. */
export function onEngines(title: string, define: (engine: EngineSpec) => void): void {
  define(CPU);
  withTensorFlow(title, () => {
    define(TFJS);
  });
}
