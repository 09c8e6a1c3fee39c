import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BackboneWeights } from "../../../src/backbone/files/weights.ts";
import { writeSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import * as ops from "../../../src/graph/ops.ts";
import { recomputeActivations } from "../../../src/graph/recompute.ts";
import { input, scalar, topological, weight, type Value } from "../../../src/graph/value.ts";
import { inVocabularyParts } from "../../../src/graph/vocabularyParts.ts";
import { partRows, placeOf } from "../../../src/model/headParts.ts";
import { CPU, onEngines } from "../../golden/engines.ts";

const VOCABULARY = 23;
const WIDTH = 6;
const folder = mkdtempSync(join(tmpdir(), "adept-head-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const random = new MersenneTwister(3);
const normal = (size: number, scale = 1): Float32Array =>
  Float32Array.from({ length: size }, () => scale * random.normal());
writeSafetensors(
  join(folder, "model.safetensors"),
  new Map([
    ["head", { dims: [VOCABULARY, WIDTH], data: normal(VOCABULARY * WIDTH, 3) }],
    ["bias", { dims: [VOCABULARY], data: normal(VOCABULARY) }],
  ]),
);
const weights = BackboneWeights.open(folder);

const x = input("x", ["B", 2, WIDTH]);
const head = weight("head", [VOCABULARY, WIDTH]);
/** The heads of T5, of GPT-J with a bias, and of Gemma 2 with a cap. */
const HEADS: Record<string, (x: Value) => Value> = {
  plain: (states) => ops.matmul(states, head, { transB: true }),
  bias: (states) => ops.add(ops.matmul(states, head, { transB: true }), weight("bias", [VOCABULARY])),
  capped: (states) => ops.mul(ops.tanh(ops.mul(ops.matmul(states, head, { transB: true }), scalar(0.2))), scalar(5)),
};

function outputs(name: string): Record<string, Value> {
  const logits = HEADS[name]!(x);
  const losses = ops.crossEntropy(ops.reshape(logits, ["2*B", VOCABULARY]), input("labels", ["2*B"], "int32"));
  const loss = ops.mul(ops.reduceSum(losses, [0]), scalar(0.5));
  const [g] = gradients(loss, [x]);
  return { ...recomputeActivations({ loss, g: g! }, "loss"), losses, logits };
}

const FEEDS = {
  x: { dims: [2, 2, WIDTH], data: normal(4 * WIDTH) },
  labels: { dims: [4], data: Int32Array.of(0, VOCABULARY - 1, -100, 11) },
};

async function run(values: Record<string, Value>, spec: EngineSpec): Promise<Record<string, number[]>> {
  const used = topological(Object.values(values)).flatMap((value) => (value.kind === "weight" ? [value] : []));
  const places = new Map(used.map((value) => [value.name, placeOf(value, weights)]));
  const program = await openEngine(spec).compile(values, places);
  const results = await program.run(FEEDS);
  await program.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data].map(Number)]));
}

const parted = (name: string): Record<string, Value> =>
  inVocabularyParts(outputs(name), ({ name: own }) => (own === "head" ? 5 : undefined));

onEngines("parts", (spec) => {
  for (const name of Object.keys(HEADS))
    test(`${spec.device}, ${name}: losses, gradient and logits of a head in parts are those of the whole head`, async () => {
      const [whole, parts] = [await run(outputs(name), spec), await run(parted(name), spec)];
      assert.deepEqual(Object.keys(parts), Object.keys(whole));
      for (const [key, values] of Object.entries(whole))
        values.forEach((value, i) => {
          assert.ok(Math.abs(value - parts[key]![i]!) < 1e-5 * Math.max(1, Math.abs(value)), `${key}[${i}]: ${value}`);
        });
    });
});

test("no value is as wide as the vocabulary, the head is read in rows, and parts of logits are not kept", () => {
  for (const name of Object.keys(HEADS)) {
    const { loss, g } = parted(name);
    const all = topological([loss!, g!]);
    for (const value of all) assert.ok(value.shape.at(-1) !== VOCABULARY || value.kind === "weight", name);
    const heads = all.flatMap((value) => (value.kind === "weight" && value.name !== "bias" ? [value.rowsOf] : []));
    assert.deepEqual(
      [...new Set(heads.map((rows) => rows?.from))].sort((a, b) => a! - b!),
      [0, 5, 10, 15, 20],
    );
    const forward = new Set(topological([loss!]));
    for (const value of all)
      if (value.kind === "op" && !forward.has(value))
        for (const each of value.inputs)
          assert.ok(
            !forward.has(each) || each.kind !== "op" || each.shape.length < 2 || each.shape.at(-1) !== 5,
            `${name}: ${value.op} keeps a part`,
          );
  }
});

test("a head is read in parts of 128 MB from half a gigabyte on", () => {
  assert.equal(partRows([128_256, 4096]), 8192);
  assert.equal(partRows([32_128, 1024]), undefined);
});

test("without a large head a graph stays as it is", async () => {
  const own = outputs("plain");
  const same = inVocabularyParts(own, () => undefined);
  for (const [name, value] of Object.entries(own)) assert.equal(same[name], value);
  assert.deepEqual(await run(same, CPU), await run(own, CPU));
});
