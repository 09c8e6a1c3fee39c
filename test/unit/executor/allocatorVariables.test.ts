import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineInput } from "../../../src/engine/engineSpec.ts";
import { allocatorVariables } from "../../../src/executor/allocatorVariables.ts";

test("a worker with the least memory gives freed pieces back, and no other", () => {
  assert.deepEqual(Object.keys(allocatorVariables(EngineInput.parse({ device: "cpu", memory: "least" }))), [
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
  ]);
  for (const engine of [{ device: "cpu" }, { device: "cpu", memory: "spare" }] as const)
    assert.deepEqual(allocatorVariables(EngineInput.parse(engine)), {}, JSON.stringify(engine));
  // PyTorch's process inherits them, and wants others.
  assert.deepEqual(allocatorVariables(EngineInput.parse({ device: "torch", memory: "least" })), {});
});
