import assert from "node:assert/strict";
import { test } from "node:test";
import { openBackbone } from "../../../../src/backbone/openBackbone.ts";
import { backboneFolder } from "../../../../src/backbone/backboneFolder.ts";
import { scheduled } from "../../../../src/engine/torch/schedule.ts";
import { TORCH_FUSED } from "../../../../src/engine/torch/torchGraph.ts";
import { sizeAt } from "../../../../src/graph/dims.ts";
import { gradients } from "../../../../src/graph/gradient.ts";
import * as ops from "../../../../src/graph/ops.ts";
import { simplify } from "../../../../src/graph/passes.ts";
import { recomputeActivations } from "../../../../src/graph/recompute.ts";
import { input, topological, type OpValue, type Value } from "../../../../src/graph/value.ts";
import { MethodInput } from "../../../../src/method/methodSpec.ts";
import { resolveSizes } from "../../../../src/method/sizes.ts";
import { MethodGraph } from "../../../../src/model/methodGraph.ts";
import { backboneLayout } from "../../../../src/training/prepare.ts";
import { randomGraph } from "../randomGraph.ts";

const isOperation = (value: Value): value is OpValue => value.kind === "op";

/** x sigmoid(x), whose gradient reads x, so that the sigmoid is computed again. */
const expandedSilu = (x: Value): Value => ops.mul(x, ops.sigmoid(x));

function followsInputs(order: readonly Value[], outputs: Record<string, Value>): void {
  const place = new Map(order.map((value, at) => [value, at]));
  assert.equal(place.size, order.length, "each value once");
  const needed = topological(Object.values(outputs));
  assert.equal(order.length, needed.length);
  for (const value of needed) {
    assert.ok(place.has(value));
    if (isOperation(value)) for (const each of value.inputs) assert.ok(place.get(each)! < place.get(value)!);
  }
}

test("every value that the outputs need stands once, after its inputs", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const { outputs } = randomGraph(seed);
    followsInputs(scheduled(outputs), outputs);
  }
  assert.deepEqual(scheduled({}), []);
});

test("a deep graph is ordered without recursion", () => {
  let y: Value = input("x", [1]);
  for (let i = 0; i < 50_000; i++) y = ops.neg(y);
  assert.equal(scheduled({ y }).length, 50_001);
});

test("what is computed again is computed when the gradient that it is multiplied by is there", () => {
  const x = input("x", [2, 3]);
  const matrices = [0, 1, 2, 3].map((i) => input(`w${i}`, [3, 3]));
  const y = matrices.reduce<Value>((before, w) => expandedSilu(ops.matmul(before, w)), x);
  const loss = ops.reduceSum(ops.tanh(y), [0, 1]);
  const by = gradients(loss, matrices);
  const given = { loss, ...Object.fromEntries(by.map((g, i) => [`g${i}`, g!])) };
  const outputs = simplify(recomputeActivations(given, "loss"));
  const isAgain = (value: Value): boolean => isOperation(value) && value.isRecomputed === true;
  /** The matrices whose gradient's operand is computed again before the gradient that it is multiplied by. */
  const early = (order: readonly Value[]): string[] => {
    const place = new Map(order.map((value, at) => [value, at]));
    return Object.entries(outputs).flatMap(([name, value]) => {
      const again = isOperation(value) ? value.inputs.find(isAgain) : undefined;
      if (!isOperation(value) || again === undefined) return [];
      const gradient = value.inputs.find((each) => each !== again)!;
      const computed = topological([again]).filter(isAgain);
      return computed.some((each) => place.get(each)! < place.get(gradient)!) ? [name] : [];
    });
  };
  assert.deepEqual(early(scheduled(outputs)), []);
  assert.deepEqual(early(topological(Object.values(outputs).reverse())), ["g1", "g2", "g3"]);
});

/** The most values that are there at once, in elements: from where each is computed to its last reader. */
function peak(order: readonly Value[], outputs: Record<string, Value>): number {
  const sizes = { B: 8, S: 200, T: 1, P: 0 };
  const elements = (value: Value): number => value.shape.reduce<number>((all, dim) => all * sizeAt(dim, sizes), 1);
  const last = new Map<Value, number>();
  order.forEach((value, at) => {
    if (isOperation(value)) for (const each of value.inputs) last.set(each, at);
  });
  for (const value of Object.values(outputs)) last.set(value, Infinity);
  let [now, most] = [0, 0];
  order.forEach((value, at) => {
    if (!isOperation(value)) return;
    now += elements(value);
    most = Math.max(most, now);
    for (const each of new Set(value.inputs)) if (isOperation(each) && last.get(each) === at) now -= elements(each);
  });
  return most;
}

test("a step of LoRA keeps less than in the order of its outputs", () => {
  const folder = backboneFolder("tiny-t5");
  const spec = MethodInput.parse({ kind: "lora", rank: 2 });
  const layout = backboneLayout(folder);
  const sizes = resolveSizes(spec, layout);
  const graph = new MethodGraph(openBackbone(folder), { spec, sizes, layout }, { fused: TORCH_FUSED });
  const outputs = simplify(graph.step(""));
  assert.ok(Object.keys(outputs).length > 8, "gradients of several layers");
  const [own, plain] = [peak(scheduled(outputs), outputs), peak(topological(Object.values(outputs)), outputs)];
  assert.ok(own < plain, `${own} elements, ${plain} in plain order`);
});
