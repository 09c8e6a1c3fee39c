import assert from "node:assert/strict";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import { expanded } from "../../../src/graph/fused.ts";
import * as ops from "../../../src/graph/ops.ts";
import { simplify } from "../../../src/graph/passes.ts";
import { onEngines } from "../../golden/engines.ts";
import { input, scalar, topological, type Value } from "../../../src/graph/value.ts";

const x = input("x", [2, 3]);
const count = (value: Value): number => topological([value]).filter(({ kind }) => kind === "op").length;
const simple = (value: Value): Value => simplify({ value })["value"]!;

test("operations on constants are folded", () => {
  const value = simple(ops.mul(x, ops.sub(ops.sqrt(scalar(16)), scalar(1))));
  assert.equal(count(value), 1);
  assert.ok(value.kind === "op" && value.inputs.some((each) => each.kind === "constant" && each.data[0] === 3));
});

test("needless operations are removed: times one, factors of factors, two transposes, a reshape of a reshape, two signs", () => {
  assert.equal(simple(ops.mul(scalar(1), x)), x);
  assert.equal(count(simple(ops.mul(scalar(2), ops.mul(x, scalar(3))))), 1);
  assert.equal(simple(ops.transpose(ops.transpose(x, [1, 0]), [1, 0])), x);
  assert.deepEqual(simple(ops.transpose(ops.transpose(input("y", [2, 3, 4]), [1, 2, 0]), [1, 2, 0])).shape, [4, 2, 3]);
  assert.equal(count(simple(ops.reshape(ops.reshape(x, [6]), [3, 2]))), 1);
  assert.equal(simple(ops.neg(ops.neg(x))), x);
});

test("equal operations are computed once, unequal ones separately", () => {
  const both = simple(ops.add(ops.exp(x), ops.exp(x)));
  assert.equal(count(both), 2);
  assert.equal(count(simple(ops.add(ops.matmul(x, x, { transB: true }), ops.matmul(x, x, { transB: true })))), 2);
  assert.equal(count(simple(ops.sub(ops.reduceSum(x, [0, 1]), ops.reduceSum(ops.reduceSum(x, [0]), [0])))), 4);
});

onEngines("passes", (spec) => {
  test(`${spec.device}: the simplified graph computes what the graph computes`, async () => {
    const engine = openEngine(spec);
    const y = input("y", [3, 3]);
    const loss = ops.reduceSum(
      ops.mul(ops.geluTanh(ops.matmul(x, y)), ops.mul(scalar(0.5), ops.mul(scalar(4), ops.softmax(ops.matmul(x, y))))),
      [0, 1],
    );
    const outputs: Record<string, Value> = { loss };
    gradients(loss, [x, y]).forEach((g, i) => {
      outputs[`g${i}`] = g!;
    });
    const fewer = simplify(expanded(outputs));
    const all = topological(Object.values(expanded(outputs)));
    assert.ok(topological(Object.values(fewer)).length < all.length);
    const feeds = {
      x: { dims: [2, 3], data: Float32Array.of(1, -2, 0.5, 0.1, 3, -1) },
      y: { dims: [3, 3], data: Float32Array.of(0.3, -0.2, 1, 0.5, 0.7, -1, 0.2, 0.1, 0.9) },
    };
    const [before, after] = [await engine.compile(outputs, new Map()), await engine.compile(fewer, new Map())];
    const [a, b] = [await before.run(feeds), await after.run(feeds)];
    for (const name of Object.keys(outputs))
      a[name]!.data.forEach((v, i) => {
        assert.ok(Math.abs(v - b[name]!.data[i]!) < 1e-5 * Math.max(1, Math.abs(v)), name);
      });
    await before.release();
    await after.release();
  });
});
