import assert from "node:assert/strict";
import { test } from "node:test";
import { phrase } from "../../../src/base/phrase.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { onnxEngine } from "../../../src/engine/onnx/onnxEngine.ts";
import type { HostTensor, WeightLocation } from "../../../src/engine/program.ts";
import { topological, type Value } from "../../../src/graph/value.ts";
import { relativeBuckets } from "../../../src/backbone/t5/relativeBuckets.ts";
import { readConfigFile } from "../../../src/backbone/configFile.ts";
import { readT5Config } from "../../../src/backbone/t5/t5Config.ts";
import { t5Architecture } from "../../../src/backbone/t5/t5.ts";
import { BackboneWeights } from "../../../src/backbone/files/weights.ts";
import { MethodGraph } from "../../../src/model/methodGraph.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";

const folder = backboneFolder("tiny-t5");
const weights = BackboneWeights.open(folder);
const config = readT5Config(readConfigFile(folder, phrase``), weights.has("lm_head.weight"));
const architecture = t5Architecture(config);
const B = 3;
const S = 7;
const T = 2;
const P = 2;

function graphOf(spec: object): MethodGraph {
  const method = MethodInput.parse(spec);
  const { layout } = architecture;
  return new MethodGraph(architecture, { spec: method, sizes: resolveSizes(method, layout), layout });
}

async function run(
  outputs: Record<string, Value>,
  feeds: Record<string, HostTensor>,
): Promise<Record<string, HostTensor>> {
  const locations = new Map<string, WeightLocation>(
    topological(Object.values(outputs)).flatMap((v) =>
      v.kind === "weight" ? [[v.name, weights.locate(v.name, v.shape.map(Number))]] : [],
    ),
  );
  const program = await onnxEngine({ device: "cpu", threads: 1, replicas: 1 }).compile(outputs, locations);
  try {
    return await program.run(feeds);
  } finally {
    await program.release();
  }
}

/** Random parameters and a batch with padding in texts and targets. */
function feedsOf(graph: MethodGraph): Record<string, HostTensor> {
  const random = new MersenneTwister(6);
  const drawn = (dims: readonly number[]): HostTensor => ({
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.3 * random.normal()),
  });
  const ints = (count: number, below: number): Int32Array =>
    Int32Array.from({ length: count }, () => 3 + Math.floor(random.uniform() * below));
  const L = P + S;
  const mask = new Float32Array(B * L);
  const labels = ints(B * T, 500);
  for (let i = L - 3; i < L; i++) mask[L + i] = -1e9;
  labels[2 * T - 1] = -100;
  return {
    ...Object.fromEntries(
      [...graph.parameters].map(([name, v]) => [name, drawn(v.shape.map((d) => (d === "P" ? P : Number(d))))]),
    ),
    ids: { data: ints(B * S, 500), dims: [B, S] },
    positions: { data: Int32Array.from({ length: S }, (_, i) => i), dims: [S] },
    mask: { data: mask, dims: [B, L] },
    encoderBuckets: {
      data: relativeBuckets(config, { queries: L, keys: L, from: 0, bidirectional: true }),
      dims: [L, L],
    },
    decoderIds: { data: ints(B * T, 500), dims: [B, T] },
    causal: { data: Float32Array.of(0, -1e9, 0, 0), dims: [T, T] },
    decoderBuckets: {
      data: relativeBuckets(config, { queries: T, keys: T, from: 0, bidirectional: false }),
      dims: [T, T],
    },
    labels: { data: labels, dims: [B, T] },
    lossScale: { data: Float32Array.of(0.25), dims: [] },
  };
}

test("cross-attention over the encoder's states has the loss and the gradients of that over their keys and values", async () => {
  const graph = graphOf({ kind: "adept", promptLength: P, bottleneck: 3 });
  const feeds = feedsOf(graph);
  const long = await run(graph.step(""), feeds);
  const short = await run(graph.step("short"), feeds);
  assert.deepEqual(Object.keys(short).sort(), Object.keys(long).sort());
  for (const [name, { data, dims }] of Object.entries(long)) {
    const own = short[name]!;
    const largest = Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    assert.deepEqual([...own.dims], [...dims]);
    assert.ok(largest > 0 && data.every((x, i) => Math.abs(x - own.data[i]!) < 2e-5 * largest), name);
  }
});

test("targets are short while their queries of all heads are no more than the width, where a method leaves the linear layers alone", () => {
  const adept = graphOf({ kind: "adept", promptLength: P, bottleneck: 3 });
  const most = Math.floor(config.width / config.heads);
  assert.deepEqual(
    [1, most, most + 1].map((length) => adept.plan(length)),
    ["short", "short", ""],
  );
  for (const spec of [{ kind: "lora", rank: 2 }, { kind: "ia3" }, { kind: "bitfit" }, { kind: "full" }])
    assert.equal(graphOf(spec).plan(1), "", spec.kind);
  for (const spec of [
    { kind: "pt", promptLength: P, promptInit: "random" },
    { kind: "adapter", bottleneck: 4 },
  ])
    assert.equal(graphOf(spec).plan(1), "short", spec.kind);
});

test("what is decoded and scored does not depend on whether targets are short", async () => {
  const method = MethodInput.parse({ kind: "pt", promptLength: P, promptInit: "random" });
  const most = Math.floor(config.width / config.heads);
  const graph = graphOf(method);
  const feeds = feedsOf(graph);
  const model = LocalModel.open({
    folder,
    method,
    sizes: resolveSizes(method, architecture.layout),
    engine: { device: "cpu", threads: 1, replicas: 1 },
  });
  const parameters = new Map([
    [
      "prompt",
      { name: "prompt", group: "prompt", dims: [P, config.width], data: feeds["prompt"]!.data as Float32Array },
    ],
  ]);
  const batch: Batch = {
    rows: B,
    sourceLength: S,
    targetLength: T,
    ids: feeds["ids"]!.data as Int32Array,
    mask: Float32Array.from({ length: B * S }, (_, i) => (i >= 2 * S - 3 && i < 2 * S ? 0 : 1)),
    labels: feeds["labels"]!.data as Int32Array,
  };
  const short = await model.generate(parameters, batch, 5);
  const long = await model.generate(parameters, batch, most + 1);
  assert.deepEqual(
    long.map((ids) => ids.slice(0, 5)),
    short,
  );
  const targets = [
    [20, 1],
    [33, 7, 1],
  ];
  const alone = await model.scoreTargets(parameters, batch, targets);
  const among = await model.scoreTargets(parameters, batch, [...targets, new Int32Array(most + 1).fill(9)]);
  alone.forEach((row, i) => {
    row.forEach((score, j) => {
      assert.ok(Math.abs(score - among[i]![j]!) < 1e-4 * score, `${score} and ${among[i]![j]!}`);
    });
  });
  const { sum, tokens } = await model.losses(parameters, batch);
  const predicted = await model.predict(parameters, batch, most + 1);
  assert.deepEqual(predicted.tokens, tokens);
  sum.forEach((loss, i) => {
    assert.ok(Math.abs(loss - predicted.sum[i]!) < 1e-4 * loss);
  });
  await model.release();
});
