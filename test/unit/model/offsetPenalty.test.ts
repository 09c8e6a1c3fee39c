import assert from "node:assert/strict";
import { test } from "node:test";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";

const folder = backboneFolder("tiny-t5");
const PENALTY = 0.7;
const batch: Batch = {
  rows: 2,
  sourceLength: 4,
  targetLength: 2,
  ids: Int32Array.of(9, 31, 7, 1, 12, 1, 0, 0),
  mask: Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0),
  labels: Int32Array.of(20, 1, 33, 1),
};

function open(spec: object): { model: LocalModel; parameters: Parameters } {
  const method = MethodInput.parse(spec);
  const model = LocalModel.open({
    folder,
    method,
    sizes: resolveSizes(method, backboneLayout(folder)),
    engine: { device: "cpu", threads: 1, replicas: 1 },
  });
  const random = new MersenneTwister(4);
  const shapes: [string, number[]][] = [
    ["prompt", [2, 128]],
    ["w_down", [128, 3]],
    ["b_down", [3]],
    ["w_up", [3, 128]],
    ["b_up", [128]],
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
          data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.2 * random.normal()),
        },
      ]),
    ),
  };
}

/** lambda sum |offset|^2 / sum |E|^2 over the tokens that are no padding, from the encoder's own input. */
async function penaltyOf(model: LocalModel, parameters: Parameters): Promise<number> {
  const X = await model.input(parameters, batch);
  const d = model.width;
  const m = 2;
  const S = batch.sourceLength;
  let offsets = 0;
  let embeddings = 0;
  batch.ids.forEach((id, at) => {
    if (batch.mask[at] === 0) return;
    const row = Math.floor(at / S);
    const from = (row * (m + S) + m + (at % S)) * d;
    for (let i = 0; i < d; i++) {
      const e = model.embedding[id * d + i]!;
      offsets += (X[from + i]! - e) ** 2;
      embeddings += e * e;
    }
  });
  return (PENALTY * offsets) / embeddings;
}

test("the penalty's gradient is that of the mean squared offset over the mean squared embedding; the loss told stays the task's", async () => {
  const { model, parameters } = open({ kind: "adept", promptLength: 2, bottleneck: 3 });
  const plain = await model.step(parameters, batch, { lossScale: 0.25 });
  const with_ = await model.step(parameters, batch, { lossScale: 0.25, offsetPenalty: PENALTY });
  assert.equal(plain.loss, with_.loss);
  assert.deepEqual(with_.gradients.get("prompt"), plain.gradients.get("prompt"));
  for (const [name, at] of [
    ["w_down", 5],
    ["b_down", 1],
    ["w_up", 130],
    ["b_up", 17],
  ] as const) {
    const own = parameters.get(name)!;
    const at_ = async (by: number): Promise<number> => {
      const data = own.data.slice();
      data[at]! += by;
      return penaltyOf(model, new Map([...parameters, [name, { ...own, data }]]));
    };
    const slope = ((await at_(0.01)) - (await at_(-0.01))) / 0.02;
    const found = with_.gradients.get(name)![at]! - plain.gradients.get(name)![at]!;
    assert.ok(Math.abs(found - slope) < 2e-3 * Math.abs(slope) + 1e-6, `${name}: ${found} for ${slope}`);
    assert.notEqual(slope, 0);
  }
  await model.release();
});

test("a folded table gives the very input and losses that the FFN gives", async () => {
  const { model, parameters } = open({ kind: "adept", promptLength: 2, bottleneck: 3 });
  const d = model.width;
  const V = model.vocabularySize;
  const every: Batch = {
    ...batch,
    rows: 1,
    sourceLength: V,
    ids: Int32Array.from({ length: V }, (_, i) => i),
    mask: new Float32Array(V).fill(1),
  };
  const table = (await model.input(parameters, every)).slice(2 * d);
  const method = MethodInput.parse({ kind: "adept", promptLength: 2, bottleneck: 3 });
  const folded = LocalModel.open({
    folder,
    method,
    sizes: resolveSizes(method, backboneLayout(folder)),
    engine: { device: "cpu", threads: 1, replicas: 1 },
    folded: table,
  });
  assert.deepEqual(await folded.losses(parameters, batch), await model.losses(parameters, batch));
  await folded.release();
  await model.release();
});
