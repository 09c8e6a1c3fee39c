import assert from "node:assert/strict";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import { expanded } from "../../../src/graph/fused.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import * as ops from "../../../src/graph/ops.ts";
import { simplify } from "../../../src/graph/passes.ts";
import { recomputeActivations } from "../../../src/graph/recompute.ts";
import { input, topological, type Value } from "../../../src/graph/value.ts";
import { onEngines } from "../../golden/engines.ts";

const x = input("x", [2, 3]);
const y = input("y", [3, 3]);
const z = input("z", [3, 3]);

/** A gated layer, silu(x y) gelu(x z), whose products are kept for the gradients. */
function outputs(): Record<string, Value> {
  const gated = ops.mul(ops.silu(ops.matmul(x, y)), ops.geluTanh(ops.matmul(x, z)));
  const loss = ops.reduceSum(ops.matmul(gated, z), [0, 1]);
  const by = gradients(loss, [x, y, z]);
  return expanded({ loss, gx: by[0]!, gy: by[1]!, gz: by[2]! });
}

/** The forward pass's values that the gradients read. */
function kept({ loss, ...rest }: Record<string, Value>): Value[] {
  const forward = new Set(topological([loss!]));
  const backward = topological(Object.values(rest)).filter((value) => !forward.has(value));
  const read = new Set(backward.flatMap((value) => (value.kind === "op" ? value.inputs : [])));
  return [...read].filter((value) => value.kind === "op" && forward.has(value));
}

test("between the passes the inputs of activation functions are kept, not their intermediate values", () => {
  const before = kept(simplify(outputs())).map((value) => (value as { op?: string }).op);
  assert.ok(before.includes("sigmoid") && before.includes("tanh"));
  const after = kept(recomputeActivations(outputs(), "loss"));
  const names = after.map((value) => (value as { op?: string }).op);
  // The two products, and the gated values, which are a function of both.
  assert.deepEqual(names.sort(), ["matmul", "matmul", "mul"]);
});

test("what an engine simplifies again stays computed twice, and a recomputed value depends on what is kept alone", () => {
  const again = simplify(recomputeActivations(outputs(), "loss"));
  const all = topological(Object.values(again));
  const sigmoids = all.filter((value) => value.kind === "op" && value.op === "sigmoid");
  assert.equal(sigmoids.length, 2);
  assert.equal(sigmoids.filter((value) => value.kind === "op" && value.isRecomputed).length, 1);
  for (const value of all)
    if (value.kind === "op" && value.isRecomputed)
      for (const each of value.inputs)
        assert.ok(
          each.kind !== "op" || each.isRecomputed === true || each.op === "matmul",
          `${value.op} of ${each.kind === "op" ? each.op : each.kind}`,
        );
});

test("a value is not recomputed from one that would be kept for that alone", () => {
  // The gradient of exp reads its result alone: keeping x y instead would save nothing.
  const loss = ops.reduceSum(ops.mul(ops.exp(ops.matmul(x, y)), input("w", [2, 3])), [0, 1]);
  const [g] = gradients(loss, [y]);
  const all = topological(Object.values(recomputeActivations({ loss, g: g! }, "loss")));
  assert.equal(all.filter((value) => value.kind === "op" && value.op === "exp").length, 1);
});

onEngines("recompute", (spec) => {
  test(`${spec.device}: the same gradients as of values that are kept`, async () => {
    const engine = openEngine(spec);
    const feeds = {
      x: { dims: [2, 3], data: Float32Array.of(1, -2, 0.5, 0.1, 3, -1) },
      y: { dims: [3, 3], data: Float32Array.of(0.3, -0.2, 1, 0.5, 0.7, -1, 0.2, 0.1, 0.9) },
      z: { dims: [3, 3], data: Float32Array.of(-0.4, 0.6, 0.2, 1.5, -0.7, 1, 0.2, 0.8, -0.9) },
    };
    const run = async (values: Record<string, Value>): Promise<Record<string, number[]>> => {
      const program = await engine.compile(values, new Map());
      const results = await program.run(feeds);
      await program.release();
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data].map(Number)]));
    };
    const [a, b] = [await run(outputs()), await run(recomputeActivations(outputs(), "loss"))];
    for (const [name, values] of Object.entries(a))
      values.forEach((value, i) => {
        assert.ok(Math.abs(value - b[name]![i]!) <= 1e-6 * Math.max(1, Math.abs(value)), `${name}[${i}]`);
      });
  });
});
