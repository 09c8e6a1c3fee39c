import assert from "node:assert/strict";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { HostTensor } from "../../../src/engine/program.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input, type OpName, type Value } from "../../../src/graph/value.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { onEngines } from "../../golden/engines.ts";

/** An operation on float inputs of the given shapes; `positive` keeps log, sqrt and div away from 0. */
interface Case {
  op: OpName;
  shapes: number[][];
  build: (x: Value[]) => Value;
  positive?: boolean;
  ids?: { shape: number[]; below: number };
}

const KEPT = input("kept", [3, 2], "bool");
const IDS = input("ids", ["N"], "int32");
/** Cosines and sines of angles that differ by row, place and pair. */
const angles = (of: (angle: number) => number): Value => ({
  kind: "constant",
  type: "float32",
  shape: [2, 1, 2, 2],
  data: Float32Array.from({ length: 8 }, (_, i) => of(0.3 + i)),
});
const ANGLES = { cos: angles(Math.cos), sin: angles(Math.sin) };
/** Five rows, of which the second and the fourth are padding. */
const int32 = (...values: number[]): Value => ({
  kind: "constant",
  type: "int32",
  shape: [values.length],
  data: Int32Array.from(values),
});
const IS_ROW: Value = { kind: "constant", type: "float32", shape: [5, 1], data: Float32Array.of(1, 0, 1, 0, 1) };
const ORDER = { packedAt: int32(0, 2, 4), paddedAt: int32(0, 0, 1, 0, 2), isRow: IS_ROW };
const CASES: Case[] = [
  {
    op: "add",
    shapes: [
      [3, 1, 2],
      [4, 2],
    ],
    build: ([a, b]) => ops.add(a!, b!),
  },
  { op: "sub", shapes: [[2], [3, 2]], build: ([a, b]) => ops.sub(a!, b!) },
  {
    op: "mul",
    shapes: [
      [3, 2],
      [3, 1],
    ],
    build: ([a, b]) => ops.mul(a!, b!),
  },
  { op: "div", shapes: [[3, 2], [2]], build: ([a, b]) => ops.div(a!, b!), positive: true },
  { op: "neg", shapes: [[3]], build: ([a]) => ops.neg(a!) },
  { op: "exp", shapes: [[3]], build: ([a]) => ops.exp(a!) },
  { op: "log", shapes: [[3]], build: ([a]) => ops.log(a!), positive: true },
  { op: "sqrt", shapes: [[3]], build: ([a]) => ops.sqrt(a!), positive: true },
  { op: "tanh", shapes: [[3]], build: ([a]) => ops.tanh(a!) },
  { op: "sigmoid", shapes: [[3]], build: ([a]) => ops.sigmoid(a!) },
  { op: "erf", shapes: [[3]], build: ([a]) => ops.erf(a!) },
  { op: "geluTanh", shapes: [[9]], build: ([a]) => ops.geluTanh(a!) },
  { op: "geluExact", shapes: [[9]], build: ([a]) => ops.geluExact(a!) },
  { op: "silu", shapes: [[9]], build: ([a]) => ops.silu(a!) },
  {
    op: "layerNorm",
    shapes: [[3, 5], [5], [5]],
    build: ([x, scale, shift]) => ops.layerNorm(x!, scale!, shift!, 1e-5),
  },
  // Two heads of queries for each of keys and values, and a bias for all rows alike.
  {
    op: "attention",
    shapes: [
      [2, 4, 3, 2],
      [2, 2, 5, 2],
      [1, 4, 3, 5],
      [2, 2, 5, 2],
    ],
    build: ([query, key, bias, value]) => ops.attention(query!, key!, bias!, value!),
  },
  { op: "relu", shapes: [[9]], build: ([a]) => ops.relu(a!) },
  { op: "gate", shapes: [[9], [9]], build: ([a, b]) => ops.gate(a!, b!) },
  { op: "keep", shapes: [[3, 2]], build: ([a]) => ops.keep(a!, KEPT) },
  {
    op: "matmul",
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    build: ([a, b]) => ops.matmul(a!, b!),
  },
  {
    op: "matmul",
    shapes: [
      [2, 3, 4],
      [5, 4],
    ],
    build: ([a, b]) => ops.matmul(a!, b!, { transB: true }),
  },
  {
    op: "matmul",
    shapes: [
      [2, 4, 3],
      [2, 4, 5],
    ],
    build: ([a, b]) => ops.matmul(a!, b!, { transA: true }),
  },
  {
    op: "matmul",
    shapes: [
      [2, 4, 3],
      [2, 5, 4],
    ],
    build: ([a, b]) => ops.matmul(a!, b!, { transA: true, transB: true }),
  },
  {
    op: "matmul",
    shapes: [
      [2, 1, 3, 4],
      [5, 6, 4],
    ],
    build: ([a, b]) => ops.matmul(a!, b!, { transB: true }),
  },
  { op: "gather", shapes: [[5, 3]], build: ([a]) => ops.gather(a!, IDS), ids: { shape: [4], below: 5 } },
  { op: "scatterAdd", shapes: [[4, 3]], build: ([a]) => ops.scatterAdd(IDS, a!, 5), ids: { shape: [4], below: 5 } },
  { op: "reorder", shapes: [[5, 3]], build: ([a]) => ops.packed(a!, ORDER) },
  { op: "reorder", shapes: [[3, 3]], build: ([a]) => ops.padded(a!, ORDER) },
  { op: "reduceSum", shapes: [[2, 3, 4]], build: ([a]) => ops.reduceSum(a!, [0, 2]) },
  { op: "reshape", shapes: [[2, 6]], build: ([a]) => ops.reshape(a!, [3, 4]) },
  { op: "transpose", shapes: [[2, 3, 4]], build: ([a]) => ops.transpose(a!, [2, 0, 1]) },
  {
    op: "concat",
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    build: (x) => ops.concat(x, 1),
  },
  { op: "slice", shapes: [[5, 2]], build: ([a]) => ops.slice(a!, 0, 1, 3) },
  { op: "broadcastTo", shapes: [[3, 1]], build: ([a]) => ops.broadcastTo(a!, [2, 3, 4]) },
  { op: "softmax", shapes: [[3, 5]], build: ([a]) => ops.softmax(a!) },
  { op: "rmsNorm", shapes: [[3, 6], [6]], build: ([a, b]) => ops.rmsNorm(a!, b!, 1e-6) },
  { op: "rmsInverse", shapes: [[3, 6]], build: ([a]) => ops.rmsInverse(a!, 1e-6) },
  { op: "crossEntropy", shapes: [[4, 6]], build: ([a]) => ops.crossEntropy(a!, IDS), ids: { shape: [4], below: 6 } },
  { op: "after", shapes: [[3, 2]], build: ([a]) => ops.after(a!, [KEPT]) },
  { op: "logSumExp", shapes: [[3, 5]], build: ([a]) => ops.logSumExp(a!) },
  // Of labels 0 to 8, the columns stand for 2 to 7.
  {
    op: "labelValue",
    shapes: [[4, 6]],
    build: ([a]) => ops.labelValue(a!, IDS, 2),
    ids: { shape: [4], below: 9 },
  },
  {
    op: "lessOneHot",
    shapes: [[4, 6]],
    build: ([a]) => ops.mul(ops.lessOneHot(a!, IDS, 2), ops.lessOneHot(a!, IDS, 2)),
    ids: { shape: [4], below: 9 },
  },
  { op: "labelled", shapes: [[4]], build: ([a]) => ops.labelled(a!, IDS), ids: { shape: [4], below: 9 } },
  { op: "rotate", shapes: [[2, 3, 2, 4]], build: ([a]) => ops.rotate(a!, ANGLES, false) },
  { op: "rotate", shapes: [[2, 3, 2, 4]], build: ([a]) => ops.rotate(a!, ANGLES, true) },
];

function feedsOf({ shapes, ids, positive }: Case, random: MersenneTwister): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = { kept: { dims: [3, 2], data: Uint8Array.of(1, 0, 1, 1, 0, 1) } };
  shapes.forEach((dims, i) => {
    const size = dims.reduce((a, b) => a * b, 1);
    feeds[`x${i}`] = {
      dims,
      data: Float32Array.from({ length: size }, () =>
        positive === true ? 0.5 + random.uniform() : 2 * random.uniform() - 1,
      ),
    };
  });
  if (ids !== undefined)
    feeds["ids"] = {
      dims: ids.shape,
      data: Int32Array.from({ length: ids.shape[0]! }, () => Math.floor(random.uniform() * ids.below)),
    };
  return feeds;
}

/** The loss weighs every output by its own factor, so that a gradient sent to the wrong place shows. */
function weighted(y: Value, random: MersenneTwister): Value {
  const size = y.shape.reduce<number>((a, b) => a * Number(b === "N" ? 4 : b), 1);
  const dims = y.shape.map((d) => (d === "N" ? 4 : Number(d)));
  const factors: Value = {
    kind: "constant",
    type: "float32",
    shape: dims,
    data: Float32Array.from({ length: size }, () => random.normal()),
  };
  const flat = ops.reshape(ops.mul(ops.reshape(y, dims), factors), [size]);
  return ops.reduceSum(flat, [0]);
}

onEngines("gradients", (spec) => {
  for (const [index, testCase] of CASES.entries()) {
    test(`${spec.device}: the gradient of ${testCase.op} (case ${index}) is its finite difference`, async () => {
      const random = new MersenneTwister(100 + index);
      const inputs = testCase.shapes.map((dims, i) => input(`x${i}`, dims));
      const loss = weighted(testCase.build(inputs), random);
      const outputs: Record<string, Value> = { loss };
      gradients(loss, inputs).forEach((g, i) => {
        if (g !== undefined) outputs[`g${i}`] = g;
      });
      const program = await openEngine(spec).compile(outputs, new Map());
      const feeds = feedsOf(testCase, random);
      const results = await program.run(feeds);
      for (const [i] of inputs.entries()) {
        if (testCase.op === "gate" && i === 0) {
          assert.equal(results["g0"], undefined);
          continue;
        }
        const { data, dims } = feeds[`x${i}`]!;
        assert.deepEqual(results[`g${i}`]!.dims, dims);
        for (let at = 0; at < data.length; at++) {
          const lossAt = async (value: number): Promise<number> =>
            (await program.run({ ...feeds, [`x${i}`]: { dims, data: data.map((v, j) => (j === at ? value : v)) } }))[
              "loss"
            ]!.data[0]!;
          const step = Math.min(0.01, Math.abs(data[at]!) / 2);
          const numeric = ((await lossAt(data[at]! + step)) - (await lossAt(data[at]! - step))) / (2 * step);
          assert.ok(
            Math.abs(numeric - results[`g${i}`]!.data[at]!) < 0.01 * Math.max(1, Math.abs(numeric)),
            `input ${i} at ${at}: ${results[`g${i}`]!.data[at]} for ${numeric}`,
          );
        }
      }
      await program.release();
    });
  }
});

test("every differentiable operation has a finite-difference case", () => {
  const covered = new Set<OpName>(CASES.map((c) => c.op));
  assert.deepEqual(
    Object.keys(ops.OPS).filter((op) => !covered.has(op as OpName)),
    ["detach", "crossEntropyGradient", "fusedGradient"],
  );
});

onEngines("detach", (spec) => {
  test(`${spec.device}: a detached value is itself, and a constant to gradients`, async () => {
    const x = input("x0", [3]);
    const loss = ops.reduceSum(ops.mul(ops.detach(x), x), [0]);
    const program = await openEngine(spec).compile({ loss, g: gradients(loss, [x])[0]! }, new Map());
    const run = await program.run({ x0: { dims: [3], data: Float32Array.of(1, 2, 3) } });
    assert.deepEqual([...run["loss"]!.data], [14]);
    assert.deepEqual([...run["g"]!.data], [1, 2, 3]);
    await program.release();
  });
});

onEngines("labels", (spec) => {
  test(`${spec.device}: a label below zero gives no loss and no gradient`, async () => {
    const logits = input("x0", [2, 3]);
    const loss = ops.reduceSum(ops.crossEntropy(logits, input("ids", [2], "int32")), [0]);
    const program = await openEngine(spec).compile({ loss, g: gradients(loss, [logits])[0]! }, new Map());
    const run = await program.run({
      x0: { dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 7) },
      ids: { dims: [2], data: Int32Array.of(-100, 2) },
    });
    const expected = -(7 - Math.log(Math.exp(4) + Math.exp(5) + Math.exp(7)));
    assert.ok(Math.abs(run["loss"]!.data[0]! - expected) < 1e-5);
    assert.deepEqual([...run["g"]!.data.slice(0, 3)].map(Math.abs), [0, 0, 0]);
    assert.ok(run["g"]!.data[5]! < 0);
    await program.release();
  });
});
