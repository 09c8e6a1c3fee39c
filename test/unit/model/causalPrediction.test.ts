import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import type { Batch } from "../../../src/backbone/batch.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { CPU } from "../../golden/engines.ts";
import { randomModel, TINY_LLAMA } from "./tinyCausal.ts";

const folder = randomModel(TINY_LLAMA);
const NO_END = { ...TINY_LLAMA, eos_token_id: null };
const endless = randomModel(NO_END);
after(() => {
  for (const each of [folder, endless]) rmSync(each, { recursive: true });
});

/** A model with ADePT, whose prompt and offsets are not 0. */
function open(place: string, kind = "adept"): { model: LocalModel; parameters: Parameters } {
  const method = MethodInput.parse({ kind });
  const sizes = { promptLength: 3, bottleneck: 5, rank: 2, count: 0 };
  const model = LocalModel.open({ folder: place, method, sizes, engine: CPU });
  const random = new MersenneTwister(7);
  const tensors = methodOf(kind).tensors(model.shape);
  const parameters = new Map(
    tensors.map((t) => {
      const data = Float32Array.from({ length: t.sizes.reduce((a, b) => a * b, 1) }, () => 0.5 * random.normal());
      return [t.name, { name: t.name, dims: t.sizes, group: t.group, data }];
    }),
  );
  return { model, parameters };
}

const TEXTS = [[7, 8, 9, 10, 11, 12, 13], [20], [31, 6, 31, 6], [14, 15]];
const TARGETS = [[9, 3, 2], [17, 2], [4, 4, 4, 4, 4, 2], [2]];
const batchOf = (rows: readonly number[], targets = TARGETS): Batch =>
  padBatch(rows.map((row) => ({ input: "", target: "", ids: TEXTS[row]!, labels: targets[row]! })));
const ALL = [0, 1, 2, 3];
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 2e-5 * Math.max(1, Math.abs(b));

/** Greedy ids without a cache: every token is read anew, each row alone. */
async function uncached(model: LocalModel, parameters: Parameters, row: number, count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < count; i++) {
    const batch = padBatch([{ input: "", target: "", ids: [...TEXTS[row]!, ...ids], labels: [1] }]);
    const logits = [...(await model.forward(parameters, batch)).logits.data];
    ids.push(logits.indexOf(Math.max(...logits)));
  }
  return ids;
}

test("cached decoding of rows of different length gives the ids of reading every token anew, each row alone", async () => {
  for (const kind of ["adept", "pt", "dept", "lora"]) {
    const { model, parameters } = open(endless, kind);
    const generated = await model.generate(parameters, batchOf(ALL), 9);
    for (const row of ALL)
      assert.deepEqual(generated[row], await uncached(model, parameters, row, 9), `${kind}, ${row}`);
    await model.release();
  }
});

test("a long answer is that of reading every token anew, however often the room for its keys is full", async () => {
  for (const config of [NO_END, { ...NO_END, model_type: "mistral", sliding_window: 11 }]) {
    const place = randomModel(config);
    const { model, parameters } = open(place);
    const generated = await model.generate(parameters, batchOf([0, 1]), 45);
    for (const row of [0, 1])
      assert.deepEqual(generated[row], await uncached(model, parameters, row, 45), `row ${row}`);
    await model.release();
    rmSync(place, { recursive: true });
  }
});

test("a row ends at any of the end tokens, and the other rows go on as they would alone", async () => {
  const { model, parameters } = open(folder);
  const free = open(endless);
  const whole = await free.model.generate(free.parameters, batchOf(ALL), 12);
  const found = await model.generate(parameters, batchOf(ALL), 12);
  found.forEach((ids, row) => {
    const end = whole[row]!.findIndex((id) => id === 2 || id === 5);
    assert.deepEqual(ids, end < 0 ? whole[row] : whole[row]!.slice(0, end + 1));
  });
  await model.release();
  await free.model.release();
});

test("losses of a batch are those of each row alone, whatever stands beside it", async () => {
  const { model, parameters } = open(folder);
  const together = await model.losses(parameters, batchOf(ALL));
  assert.deepEqual(together.tokens, [3, 2, 6, 1]);
  for (const row of ALL) {
    const alone = await model.losses(parameters, batchOf([row]));
    assert.ok(close(together.sum[row]!, alone.sum[0]!), `row ${row}: ${together.sum[row]} and ${alone.sum[0]}`);
  }
  await model.release();
});

test("targets that are scored after a text that was read once have the losses of a pass over both", async () => {
  const { model, parameters } = open(folder);
  const scores = await model.scoreTargets(parameters, batchOf(ALL), TARGETS);
  for (const [i, target] of TARGETS.entries()) {
    const { sum } = await model.losses(
      parameters,
      batchOf(
        ALL,
        ALL.map(() => target),
      ),
    );
    for (const row of ALL) assert.ok(close(scores[row]![i]!, sum[row]!), `${row}, ${i}`);
  }
  const both = await model.predict(parameters, batchOf(ALL), 4);
  const { sum } = await model.losses(parameters, batchOf(ALL));
  for (const row of ALL) assert.ok(close(both.sum[row]!, sum[row]!));
  await model.release();
});

test("tokens that are read but not trained have no loss, and count in what follows them", async () => {
  const { model, parameters } = open(folder);
  const text = [7, 8, 9];
  const tokens = [4, 10, 11, 6];
  const masked = padBatch([{ input: "", target: "", ids: text, labels: [4, -100, -100, 6], targetIds: tokens }]);
  const { sum, tokens: counted } = await model.losses(parameters, masked);
  const one = async (ids: number[], label: number): Promise<number> =>
    (await model.losses(parameters, padBatch([{ input: "", target: "", ids, labels: [label] }]))).sum[0]!;
  assert.deepEqual(counted, [2]);
  assert.ok(close(sum[0]!, (await one(text, 4)) + (await one([...text, 4, 10, 11], 6))));
  const unmasked = await model.losses(parameters, padBatch([{ input: "", target: "", ids: text, labels: tokens }]));
  assert.ok(!close(sum[0]!, unmasked.sum[0]!));
  await model.release();
});

test("a row that grows beyond the texts of pre-training is read anew where its frequencies change", async () => {
  const scaling = { rope_type: "longrope", short_factor: [1, 1.5], long_factor: [3, 9], factor: 4 };
  const long = randomModel({ ...NO_END, rope_scaling: { ...scaling, original_max_position_embeddings: 11 } });
  const { model, parameters } = open(long);
  const generated = await model.generate(parameters, batchOf(ALL), 12);
  for (const row of ALL) {
    const anew: number[] = [];
    for (let i = 0; i < 12; i++) {
      const batch = padBatch([{ input: "", target: "", ids: [...TEXTS[row]!, ...anew], labels: [1] }]);
      anew.push((await model.generate(parameters, batch, 1))[0]![0]!);
    }
    assert.deepEqual(generated[row], anew, `row ${row}`);
  }
  const { sum, generated: found } = await model.predict(parameters, batchOf(ALL), 12);
  assert.deepEqual(found, generated);
  const whole = await model.losses(parameters, batchOf(ALL));
  sum.forEach((loss, row) => {
    assert.ok(close(loss, whole.sum[row]!), `row ${row}: ${loss} for ${whole.sum[row]}`);
  });
  await model.release();
  rmSync(long, { recursive: true });
});
