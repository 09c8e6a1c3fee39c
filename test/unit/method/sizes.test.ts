import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../../src/experiment/errors.ts";
import { countParameters, resolveSizes } from "../../../src/method/sizes.ts";

const base = { promptInit: "random", initText: "", dropout: 0.1 } as const;

test("the counts are the formula's: m d + r (2 d + 1) + d", () => {
  assert.deepEqual(resolveSizes({ kind: "adept", promptLength: 60, bottleneck: 19, ...base }, 768), { promptLength: 60, bottleneck: 19, count: 60 * 768 + 19 * (2 * 768 + 1) + 768 });
  assert.equal(resolveSizes({ kind: "pt", promptLength: 100, ...base }, 768).count, 76_800);
});

test("a budget is kept, and nearly used up: one more hidden unit would not fit", () => {
  fc.assert(fc.property(fc.integer({ min: 8, max: 1024 }), fc.integer({ min: 1, max: 400 }), (width, rows) => {
    const budget = rows * width + 4 * width + 2;
    const { promptLength, bottleneck, count } = resolveSizes({ kind: "adept", budget, ...base }, width);
    assert.ok(count <= budget && bottleneck >= 1);
    assert.equal(count, countParameters("adept", { promptLength, bottleneck }, width));
    assert.ok(countParameters("adept", { promptLength, bottleneck: bottleneck + 1 }, width) > budget);
  }), { seed: 1 });
});

test("with m or r given, the other is solved for; what cannot be is said with the least that could", () => {
  assert.equal(resolveSizes({ kind: "adept", budget: 76_800, promptLength: 20, ...base }, 768).bottleneck, Math.floor((76_800 - 768 - 20 * 768) / 1537));
  assert.equal(resolveSizes({ kind: "adept", budget: 76_800, bottleneck: 19, ...base }, 768).promptLength, Math.floor((76_800 - 768 - 19 * 1537) / 768));
  const least = 768 + 1537;
  assert.throws(() => resolveSizes({ kind: "adept", budget: 1000, ...base }, 768), (error) => error instanceof UserError && error.message.includes("method.budget") && error.message.includes(String(least)));
  assert.throws(() => resolveSizes({ kind: "pt", budget: 700, ...base }, 768), /method\.budget.*768/);
  assert.throws(() => resolveSizes({ kind: "adept", budget: 5000, promptLength: 20, bottleneck: 39, ...base }, 768), UserError);
});
