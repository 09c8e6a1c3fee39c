import assert from "node:assert/strict";
import { test } from "node:test";
import { levelsAccess, weightAccess } from "../../../src/model/weightAccess.ts";

const large = { precision: "fp32", bytes: 892e6, isCausal: false, training: true } as const;
const packed = { step: "packed", predict: "packed" };
const mapped = { step: "mapped", predict: "mapped" };

test("training a large backbone packs its weights for steps alone; what only predicts packs them for speed", () => {
  assert.deepEqual(weightAccess({ device: "cpu" }, large), { step: "packed", predict: "mapped" });
  assert.deepEqual(weightAccess({ device: "cpu" }, { ...large, training: false }), packed);
  assert.deepEqual(weightAccess({ device: "cpu" }, { ...large, bytes: 60e6 }), packed);
});

test("a large decoder-only model is not packed for its steps unless that is asked for; a small one is", () => {
  const causal = { ...large, isCausal: true };
  assert.deepEqual(weightAccess({ device: "cpu" }, causal), mapped);
  assert.deepEqual(weightAccess({ device: "cpu", memory: "ignore" }, causal), mapped);
  assert.deepEqual(weightAccess({ device: "cpu", memory: "fast" }, causal), { step: "packed", predict: "mapped" });
  assert.deepEqual(weightAccess({ device: "cpu" }, { ...causal, bytes: 60e6 }), packed);
  assert.deepEqual(weightAccess({ device: "cpu" }, { ...causal, training: false }), {
    step: "mapped",
    predict: "packed",
  });
});

test("narrow weights and spare memory have no copies at all, on the processor", () => {
  for (const bytes of [60e6, 892e6]) {
    assert.deepEqual(weightAccess({ device: "cpu" }, { ...large, bytes, precision: "bf16" }), mapped);
    assert.deepEqual(weightAccess({ device: "cpu", memory: "spare" }, { ...large, bytes, training: false }), mapped);
    assert.deepEqual(weightAccess({ device: "webgpu", memory: "spare" }, { ...large, bytes }), packed);
  }
  assert.deepEqual(
    weightAccess({ device: "cpu", memory: "ignore" }, large),
    weightAccess({ device: "cpu", memory: "check" }, large),
  );
});

test("levels are read as they lie in predictions, of a large backbone in decoding alone; rounding is asked for", () => {
  const small = { bytes: 100e6, training: true };
  const wide = { bytes: 4e9, training: false };
  assert.deepEqual(
    [true, false].map((isStep) => levelsAccess({ device: "cpu" }, small, isStep)),
    ["exact", "exact"],
  );
  assert.deepEqual(
    [true, false].map((isStep) => levelsAccess({ device: "cpu", generation: "rounded" }, small, isStep)),
    ["rounded", "exact"],
  );
  assert.deepEqual(
    [true, false].map((isStep) => levelsAccess({ device: "cpu" }, wide, isStep)),
    ["exact", undefined],
  );
  assert.equal(levelsAccess({ device: "cpu" }, { ...wide, training: true }, true), undefined);
  assert.equal(levelsAccess({ device: "cpu", memory: "spare" }, small, true), undefined);
  assert.equal(levelsAccess({ device: "torch" }, small, true), undefined);
});
