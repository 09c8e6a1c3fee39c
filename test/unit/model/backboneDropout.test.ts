import assert from "node:assert/strict";
import { after, test } from "node:test";
import { MersenneTwister } from "../../../src/base/random.ts";
import { BackboneDropout } from "../../../src/model/backboneDropout.ts";
import { initialise } from "../../../src/model/initialise.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { input } from "../../../src/graph/value.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import type { Batch } from "../../../src/backbone/batch.ts";

const method = { kind: "adept", variant: "standard", promptInit: "random", initText: "", dropout: 0 } as const;
const sizes = { promptLength: 2, bottleneck: 3, count: 0 };
const model = LocalModel.open({
  folder: backboneFolder("tiny-t5"),
  method,
  sizes,
  engine: { device: "cpu", threads: 1, replicas: 1 },
});
after(() => model.release());
const random = new MersenneTwister(1);
const source = {
  embedding: (id: number) => model.embeddings.row(id),
  width: model.width,
  vocabularySize: model.vocabularySize,
  promptIds: [],
  weight: () => new Float32Array(),
};
const parameters: Parameters = new Map(
  [...initialise(model.shape, source, random)].map(([name, t]) => [
    name,
    { ...t, data: t.data.map((v) => v + 0.2 * (random.uniform() - 0.5)) },
  ]),
);
const batch: Batch = {
  rows: 2,
  sourceLength: 5,
  targetLength: 2,
  ids: Int32Array.from([5, 6, 7, 8, 1, 9, 10, 1, 0, 0]),
  mask: Float32Array.from([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]),
  labels: Int32Array.from([20, 1, 21, 1]),
};
const step = (backboneDropout?: { rate: number; seed: number }, at = parameters) =>
  model.step(at, batch, { lossScale: 0.25, backboneDropout });

test("a mask drops the rate's share, keeps the rest scaled, and has the seed's bits", () => {
  const dropout = new BackboneDropout();
  dropout.apply(input("x", ["B", 1000, "P+S"]));
  const sizesOf = { B: 4, P: 3, S: 7 };
  const { dropout0, dropoutScale } = dropout.feeds(0.1, 5, sizesOf);
  assert.deepEqual(dropout0!.dims, [4, 1000, 10]);
  const kept = Array.from(dropout0!.data).reduce((a, b) => a + b, 0) / 40_000;
  assert.ok(Math.abs(kept - 0.9) < 5 * Math.sqrt(0.09 / 40_000), `${kept}`);
  assert.equal(dropoutScale!.data[0], Math.fround(1 / 0.9));
  assert.deepEqual(dropout.feeds(0.1, 5, sizesOf), dropout.feeds(0.1, 5, sizesOf));
  assert.notDeepEqual(dropout.feeds(0.1, 6, sizesOf).dropout0, dropout0);
});

test("the same seed gives the same bits, another seed another loss, and rate 0 is no dropout", async () => {
  const first = await step({ rate: 0.1, seed: 1 });
  assert.deepEqual(await step({ rate: 0.1, seed: 1 }), first);
  assert.notEqual((await step({ rate: 0.1, seed: 2 })).loss, first.loss);
  assert.ok(Math.abs((await step({ rate: 0, seed: 1 })).loss - (await step()).loss) < 1e-6);
});

test("the gradient goes through the dropped backbone: finite difference along it", async () => {
  const dropout = { rate: 0.2, seed: 3 };
  const { gradients } = await step(dropout);
  const squared = [...gradients.values()].reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0);
  const h = 0.004 / Math.sqrt(squared);
  const moved = (sign: number): Parameters =>
    new Map(
      [...parameters].map(([name, t]) => [
        name,
        { ...t, data: t.data.map((v, i) => v + sign * h * gradients.get(name)![i]!) },
      ]),
    );
  const numeric = ((await step(dropout, moved(1))).loss - (await step(dropout, moved(-1))).loss) / (2 * h);
  assert.ok(Math.abs(numeric - squared) < 0.02 * squared, `${numeric} for ${squared}`);
});
