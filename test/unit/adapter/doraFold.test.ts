import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeFoldedFolder } from "../../../src/adapter/foldedFolder.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { initialise } from "../../../src/model/initialise.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";

const ENGINE = { device: "cpu", threads: 1, replicas: 1 } as const;
const BATCH = {
  rows: 1,
  sourceLength: 4,
  targetLength: 2,
  ids: Int32Array.of(5, 17, 42, 1),
  mask: Float32Array.of(1, 1, 1, 1),
  labels: Int32Array.of(9, 1),
};

test("DoRA in the graph, and folded into the weights by another formula, have the same loss", async (t) => {
  const folder = backboneFolder("tiny-t5");
  const folded = join(mkdtempSync(join(tmpdir(), "adept-dora-")), "folded");
  mkdirSync(folded);
  t.after(() => {
    rmSync(join(folded, ".."), { recursive: true });
  });
  const method = MethodInput.parse({ kind: "lora", rank: 3, alpha: 8, targets: ["q", "o", "wo"], dora: true });
  const model = LocalModel.open({
    folder,
    method,
    sizes: resolveSizes(method, backboneLayout(folder)),
    engine: ENGINE,
  });
  const random = new MersenneTwister(4);
  const source = {
    embedding: (id: number) => model.embeddings.row(id),
    width: model.width,
    vocabularySize: model.vocabularySize,
    promptIds: [],
    weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
  };
  const { sizes } = model.shape;
  const parameters = new Map(
    [...initialise(model.shape, source, random)].map(([name, each]) => [
      name,
      { ...each, data: each.data.map((v) => v + 0.3 * random.normal()) },
    ]),
  );
  const expected = (await model.losses(parameters, BATCH)).sum[0]!;
  await model.release();
  writeFoldedFolder(folded, { spec: method, sizes: { ...sizes, count: 0 }, parameters }, folder);
  const none = MethodInput.parse({ kind: "pt", promptInit: "random" });
  const plain = LocalModel.open({ folder: folded, method: none, sizes: { promptLength: 0, count: 0 }, engine: ENGINE });
  const prompt = { name: "prompt", dims: [0, plain.width], group: "prompt", data: new Float32Array() };
  const actual = (await plain.losses(new Map([["prompt", prompt]]), BATCH)).sum[0]!;
  await plain.release();
  assert.ok(Math.abs(actual / expected - 1) < 1e-5, `${actual} for ${expected}`);
});
