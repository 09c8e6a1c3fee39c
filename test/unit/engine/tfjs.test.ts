import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { HostTensor, WeightLocation } from "../../../src/engine/program.ts";
import { loadTensorFlow } from "../../../src/engine/tfjs/loadTensorFlow.ts";
import { addDims, type Dim } from "../../../src/graph/dims.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input, scalar, weight, type Value } from "../../../src/graph/value.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";
import { CPU, TFJS, withTensorFlow } from "../../golden/engines.ts";

const tensors = (): number => loadTensorFlow(TFJS.threads).tf.memory().numTensors;
const floats = (dims: number[], from = 0): HostTensor => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(from + i)),
});
const folder = backboneFolder("tiny-t5");

/** ADePT on the embedded backbone, with random parameters. */
function openAdept(): { model: LocalModel; parameters: Parameters } {
  const method = MethodInput.parse({ kind: "adept", promptLength: 3, bottleneck: 2 });
  const sizes = resolveSizes(method, backboneLayout(folder));
  const random = new MersenneTwister(2);
  const model = LocalModel.open({ folder, method, sizes, engine: TFJS });
  const d = model.width;
  const shapes: [string, number[]][] = [
    ["prompt", [3, d]],
    ["w_down", [d, 2]],
    ["b_down", [2]],
    ["w_up", [2, d]],
    ["b_up", [d]],
  ];
  return {
    model,
    parameters: new Map(
      shapes.map(([name, dims]) => [
        name,
        {
          name,
          dims,
          group: "ffn",
          data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.1 * random.normal()),
        },
      ]),
    ),
  };
}

const batchOf = (rows: number, sourceLength: number): Batch => ({
  rows,
  sourceLength,
  targetLength: 2,
  ids: Int32Array.from({ length: rows * sourceLength }, (_, i) => 3 + (i % 50)),
  mask: new Float32Array(rows * sourceLength).fill(1),
  labels: Int32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 20 : 1)),
});

/** One weight (2, 3) of each type, as a file has it. */
function writeWeights(path: string): Map<string, WeightLocation> {
  const values = [1, -2, 0.5, 3, 0.25, -8];
  const single = Buffer.from(Float32Array.from(values).buffer);
  const brain = Buffer.from(
    Uint16Array.from(values, (v) => new Uint32Array(Float32Array.of(v).buffer)[0]! >>> 16).buffer,
  );
  const half = Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x4200, 0x3400, 0xc800).buffer);
  writeFileSync(path, Buffer.concat([single, brain, half]));
  const at = (type: WeightLocation["type"], offset: number, bytes: number): WeightLocation => ({
    file: path,
    offset,
    bytes,
    dims: [2, 3],
    type,
  });
  return new Map([
    ["single", at("float32", 0, 24)],
    ["brain", at("bfloat16", 24, 12)],
    ["half", at("float16", 36, 12)],
  ]);
}

withTensorFlow("the engine on TensorFlow.js", () => {
  test("a few hundred steps, evaluations and decodings leave no tensor behind and take no more memory; a released model leaves none at all", async () => {
    const { model, parameters } = openAdept();
    const before = tensors();
    const round = async (i: number): Promise<void> => {
      const batch = batchOf(1 + (i % 3), 3 + (i % 5));
      await model.step(parameters, batch, { lossScale: 0.1 });
      if (i % 20 === 0) await model.predict(parameters, batch, 3);
    };
    for (let i = 0; i < 60; i++) await round(i);
    const settled = tensors();
    const resident = process.memoryUsage().rss;
    for (let i = 60; i < 300; i++) await round(i);
    assert.equal(tensors(), settled);
    const growth = (process.memoryUsage().rss - resident) / 2 ** 20;
    assert.ok(growth < 16, `240 steps took ${growth.toFixed(1)} MB`);
    await model.release();
    assert.equal(tensors(), before);
  });

  test("an operation's result is freed after its last use: a long chain needs the memory of a few tensors", async () => {
    const x = input("x", ["N"]);
    const chain = Array.from({ length: 40 }).reduce<Value>((value) => ops.add(ops.tanh(value), x), x);
    const before = tensors();
    const program = await openEngine(TFJS).compile({ sum: ops.reduceSum(chain, [0]) }, new Map());
    const feeds = { x: floats([1000]) };
    await program.run(feeds);
    const backend = loadTensorFlow(TFJS.threads).tf.backend();
    const execute = backend.executeSingleOutput.bind(backend);
    let most = 0;
    backend.executeSingleOutput = (...of) => {
      const made = execute(...of);
      most = Math.max(most, tensors());
      return made;
    };
    try {
      await program.run(feeds);
    } finally {
      backend.executeSingleOutput = execute;
    }
    // x, the value before and the one made, and the constants of the program.
    assert.ok(most - before <= 5, `${most - before} tensors at once`);
    await program.release();
    assert.equal(tensors(), before);
  });
});

withTensorFlow("weights on TensorFlow.js", () => {
  test("weights of every type are widened, passed on once for all programs, and freed with the last program", async () => {
    const place = mkdtempSync(join(tmpdir(), "adept-tfjs-"));
    try {
      const weights = writeWeights(join(place, "weights.bin"));
      const engine = openEngine(TFJS);
      const before = tensors();
      const [single, brain, half] = ["single", "brain", "half"].map((name) => weight(name, [2, 3])) as [
        Value,
        Value,
        Value,
      ];
      const first = await engine.compile(
        { single: ops.neg(single), brain: ops.neg(brain), half: ops.neg(half) },
        weights,
      );
      const results = await first.run({});
      for (const name of weights.keys()) assert.deepEqual([...results[name]!.data], [-1, 2, -0.5, -3, -0.25, 8], name);
      assert.equal(tensors() - before, 3);
      const second = await engine.compile({ sum: ops.add(single, half) }, weights);
      assert.equal(tensors() - before, 3);
      await first.release();
      assert.equal(tensors() - before, 2);
      assert.deepEqual([...(await second.run({}))["sum"]!.data], [2, -4, 1, 6, 0.5, -16]);
      await second.release();
      assert.equal(tensors(), before);
      await assert.rejects(engine.compile({ sum: ops.add(single, weight("gone", [2, 3])) }, weights), /gone/);
      assert.equal(tensors(), before);
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});

withTensorFlow("programs on TensorFlow.js", () => {
  test("one program takes any sizes of its symbols, 0 included, with the results of onnxruntime", async () => {
    const x = input("x", ["B", "S", 4]);
    const past = input("past", ["B", "P", 4]);
    const w = input("w", [3, 4]);
    const ids = input("ids", ["S"], "int32");
    const unread = input("unread", ["B"]);
    const length: Dim = addDims("P", "S");
    const joined = ops.concat([past, x], 1);
    const rows = ops.reshape(ops.matmul(joined, w, { transB: true }), ["B", length, 1, 3]);
    const outputs = {
      rows: ops.transpose(rows, [0, 2, 1, 3]),
      flat: ops.softmax(ops.reshape(x, ["B*S", 4])),
      spread: ops.broadcastTo(ops.reshape(ops.reduceSum(x, [0, 2]), ["S", 1]), ["S", "B"]),
      own: ops.slice(joined, 1, "P", length),
      added: ops.scatterAdd(ids, ops.reduceSum(x, [0]), 5),
      scaled: ops.mul(x, scalar(-2)),
      same: unread,
    };
    const [ours, theirs] = [
      await openEngine(TFJS).compile(outputs, new Map()),
      await openEngine(CPU).compile(outputs, new Map()),
    ];
    for (const [B, S, P] of [
      [2, 3, 1],
      [1, 5, 2],
      [3, 1, 0],
      [2, 3, 1],
    ] as const) {
      const feeds = {
        x: floats([B, S, 4]),
        past: floats([B, P, 4], 7),
        w: floats([3, 4], 9),
        unread: floats([B], 3),
        ids: { dims: [S], data: Int32Array.from({ length: S }, (_, i) => (i * 3) % 4) },
      };
      const [a, b] = [await ours.run(feeds), await theirs.run(feeds)];
      for (const name of Object.keys(outputs)) {
        assert.deepEqual([...a[name]!.dims], [...b[name]!.dims], `${name} at ${B}, ${S}, ${P}`);
        a[name]!.data.forEach((v, i) => {
          assert.ok(Math.abs(v - b[name]!.data[i]!) < 1e-5, name);
        });
      }
      // A result is the caller's own.
      a["same"]!.data.fill(0);
      assert.notEqual(feeds.unread.data[0], 0);
    }
    await ours.release();
    await theirs.release();
  });
});

withTensorFlow("wrong feeds on TensorFlow.js", () => {
  test("a feed that is missing or has another shape is refused without a leak", async () => {
    const program = await openEngine(TFJS).compile(
      { y: ops.matmul(input("a", ["B", 2]), input("b", [2, "B"])) },
      new Map(),
    );
    const before = tensors();
    await assert.rejects(program.run({ a: floats([3, 2]) }), /wants b/);
    await assert.rejects(program.run({ a: floats([3, 1]), b: floats([2, 3]) }), /a is \(3,1\)/);
    await assert.rejects(program.run({ a: floats([3, 2]), b: floats([2, 4]) }), /b is \(2,4\)/);
    await assert.rejects(program.run({ a: floats([3, 2]), b: { dims: [2, 3], data: new Float32Array(5) } }));
    assert.equal(tensors(), before);
    await program.release();
  });
});
