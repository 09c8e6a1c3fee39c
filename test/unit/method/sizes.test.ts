import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t5Layout } from "../../../src/backbone/t5/t5Layout.ts";
import { UserError } from "../../../src/base/errors.ts";
import { MethodInput, type MethodSpec } from "../../../src/method/methodSpec.ts";
import { countParameters, resolveSizes } from "../../../src/method/sizes.ts";

const layout = (width: number) =>
  t5Layout({
    modelType: "t5",
    vocabulary: 32128,
    width,
    headWidth: 64,
    hidden: 4 * width,
    layers: 12,
    decoderLayers: 12,
    heads: Math.max(1, Math.floor(width / 64)),
    gated: false,
    tied: true,
    scaled: true,
    layersHaveBiases: false,
    buckets: 32,
    maxDistance: 128,
    epsilon: 1e-6,
    pad: 0,
    eos: 1,
    start: 0,
  });
const base = layout(768);
const spec = (input: Record<string, unknown>): MethodSpec => MethodInput.parse(input);

test("the counts are the formulas': those of the paper's T5-base table", () => {
  assert.deepEqual(resolveSizes(spec({ kind: "adept", promptLength: 60, bottleneck: 19 }), base), {
    promptLength: 60,
    bottleneck: 19,
    count: 76_051,
  });
  assert.equal(resolveSizes(spec({ kind: "pt", promptLength: 100 }), base).count, 76_800);
  assert.equal(resolveSizes(spec({ kind: "mpt", promptLength: 100 }), base).count, 76_800 + 100 + 768);
  assert.equal(
    resolveSizes(spec({ kind: "dept", promptLength: 60, rank: 30 }), base).count,
    60 * 768 + 30 * (256 + 768),
  );
  assert.equal(resolveSizes(spec({ kind: "bitfit" }), base).count, 282_496);
  // 36 attentions, q and v each r (768 + 768).
  assert.equal(resolveSizes(spec({ kind: "lora", rank: 8 }), base).count, 36 * 2 * 8 * 1536);
  assert.equal(resolveSizes(spec({ kind: "ia3" }), base).count, 36 * 2 * 768 + 24 * 3072);
  assert.equal(resolveSizes(spec({ kind: "adapter", bottleneck: 24 }), base).count, 48 * (2 * 24 * 768 + 24 + 768));
  assert.equal(resolveSizes(spec({ kind: "full" }), base).count, 222_903_552);
});

test("a budget is kept, and nearly used up: one more hidden unit would not fit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 1024 }),
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom("adept", "dept"),
      (width, rows, kind) => {
        const budget = rows * width + 4 * width + 300;
        const at = layout(width);
        const method = spec({ kind, budget });
        const { promptLength, bottleneck, rank, count } = resolveSizes(method, at);
        const inner = bottleneck ?? rank ?? 0;
        assert.ok(count <= budget && inner >= 1);
        assert.equal(count, countParameters(method, { promptLength, bottleneck: inner, rank: inner }, at));
        assert.ok(countParameters(method, { promptLength, bottleneck: inner + 1, rank: inner + 1 }, at) > budget);
      },
    ),
    { seed: 1 },
  );
});

test("every method with a size fills the paper's budget, and one without says what it needs", () => {
  const budget = 2_000_000;
  for (const kind of ["adept", "dept", "pt", "mpt", "lora", "adapter"]) {
    const { count } = resolveSizes(spec({ kind, budget }), base);
    assert.ok(count <= budget && count > 0.9 * budget, `${kind}: ${count}`);
  }
  assert.throws(() => resolveSizes(spec({ kind: "bitfit", budget: 1000 }), base), /at least 282496/);
});

test("with m or r given, the other is solved for; what cannot be is said with the least that could", () => {
  assert.equal(
    resolveSizes(spec({ kind: "adept", budget: 76_800, promptLength: 20 }), base).bottleneck,
    Math.floor((76_800 - 768 - 20 * 768) / 1537),
  );
  assert.equal(
    resolveSizes(spec({ kind: "adept", budget: 76_800, bottleneck: 19 }), base).promptLength,
    Math.floor((76_800 - 768 - 19 * 1537) / 768),
  );
  const least = 768 + 1537;
  assert.throws(
    () => resolveSizes(spec({ kind: "adept", budget: 1000 }), base),
    (error) =>
      error instanceof UserError && error.message.includes("method.budget") && error.message.includes(String(least)),
  );
  assert.throws(() => resolveSizes(spec({ kind: "pt", budget: 700 }), base), /method\.budget.*768/);
  assert.throws(
    () => resolveSizes(spec({ kind: "adept", budget: 5000, promptLength: 20, bottleneck: 39 }), base),
    UserError,
  );
});
