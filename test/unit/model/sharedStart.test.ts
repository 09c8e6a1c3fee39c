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
import { sharedTokens } from "../../../src/training/batch/sharedTokens.ts";
import type { TokenisedExample } from "../../../src/training/batch/tokenisedExample.ts";
import { evaluate } from "../../../src/training/evaluation.ts";
import { CPU } from "../../golden/engines.ts";
import { randomModel, TINY_LLAMA } from "./tinyCausal.ts";

const NO_END = { ...TINY_LLAMA, eos_token_id: null };
const LONG = { rope_type: "longrope", short_factor: [1, 1.5], long_factor: [3, 9], factor: 4 };
const FOLDERS = {
  llama: randomModel(NO_END),
  "a window": randomModel({ ...NO_END, model_type: "mistral", sliding_window: 9 }),
  "learned positions": randomModel({
    model_type: "gpt2",
    vocab_size: 40,
    n_embd: 16,
    n_layer: 2,
    n_head: 4,
    n_positions: 64,
    eos_token_id: null,
  }),
  LongRoPE: randomModel({ ...NO_END, rope_scaling: { ...LONG, original_max_position_embeddings: 16 } }),
};
after(() => {
  for (const each of Object.values(FOLDERS)) rmSync(each, { recursive: true });
});

function open(folder: string, kind: string): { model: LocalModel; parameters: Parameters } {
  const method = MethodInput.parse({ kind });
  const sizes = { promptLength: 3, bottleneck: 5, rank: 2, count: 0 };
  const model = LocalModel.open({ folder, method, sizes, engine: CPU });
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

const START = [7, 8, 9, 10, 11, 12, 13, 20, 31, 6, 14, 15, 16, 17, 18, 19, 30];
const RESTS = [[21, 22, 23, 4], [24], [31, 6, 31, 6, 9, 9, 30], [14, 15]];
const TARGETS = [[9, 3, 2], [17, 2], [4, 4, 4, 4, 4, 2], [2]];
const EXAMPLES: TokenisedExample[] = RESTS.map((rest, i) => ({
  input: `${i}`,
  target: `${i}`,
  ids: [...START, ...rest],
  labels: TARGETS[i]!,
}));
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 2e-5 * Math.max(1, Math.abs(b));

async function outcome(model: LocalModel, parameters: Parameters, batch: Batch) {
  const { sum, generated } = await model.predict(parameters, batch, 9);
  return { sum, generated, scores: await model.scoreTargets(parameters, batch, TARGETS) };
}

for (const [name, folder] of Object.entries(FOLDERS))
  test(`${name}: texts that begin alike are read from where they differ, with the results of reading all of them`, async () => {
    for (const kind of ["adept", "pt", "dept", "lora"]) {
      const { model, parameters } = open(folder, kind);
      const whole = await outcome(model, parameters, padBatch(EXAMPLES));
      assert.equal(model.startReadings, 0);
      const shared = sharedTokens(EXAMPLES);
      assert.equal(shared.tokens, START.length);
      // In batches of other rows, in another order.
      for (const rows of [
        [2, 0, 3, 1],
        [1, 3],
      ]) {
        const batch = { ...padBatch(rows.map((row) => EXAMPLES[row]!)), shared };
        const found = await outcome(model, parameters, batch);
        rows.forEach((row, i) => {
          assert.deepEqual(found.generated[i], whole.generated[row], `${kind}, ${row}`);
          assert.ok(close(found.sum[i]!, whole.sum[row]!), `${kind}, ${row}: ${found.sum[i]} for ${whole.sum[row]}`);
          found.scores[i]!.forEach((score, at) => assert.ok(close(score, whole.scores[row]![at]!), `${kind}, ${row}`));
        });
      }
      // With LongRoPE the start depends on how long a row is.
      assert.equal(model.startReadings, name === "LongRoPE" ? 0 : 1, kind);
      await model.release();
    }
  });

test("an evaluation reads the start once for all its batches, and the next one reads it with its own parameters", async () => {
  const { model, parameters } = open(FOLDERS.llama, "adept");
  const options = { maxTokens: 5, decode: (ids: number[]) => Promise.resolve(ids.join()), batchSize: 2 };
  const first = await evaluate(model, parameters, EXAMPLES, options);
  assert.equal(model.startReadings, 1);
  const backwards = await evaluate(model, parameters, [...EXAMPLES].reverse(), options);
  assert.equal(model.startReadings, 2);
  first!.predictions.forEach(({ prediction, loss }, i) => {
    const other = backwards!.predictions[EXAMPLES.length - 1 - i]!;
    assert.equal(other.prediction, prediction);
    assert.ok(close(other.loss, loss));
  });
  // Trained tensors change in place.
  for (const { data } of parameters.values()) data.forEach((value, i) => (data[i] = -value));
  const after = await evaluate(model, parameters, EXAMPLES, options);
  const alone = await model.losses(parameters, padBatch(EXAMPLES));
  after!.predictions.forEach(({ loss }, i) => {
    assert.ok(close(loss, alone.sum[i]! / alone.tokens[i]!), `${i}: ${loss}`);
    assert.ok(!close(loss, first!.predictions[i]!.loss));
  });
  await model.release();
});

test("shared tokens end where any text differs, and before the last token of the shortest", () => {
  const of = (...texts: number[][]): number =>
    sharedTokens(texts.map((ids) => ({ input: "", target: "", ids, labels: [1] }))).tokens;
  assert.equal(of([1, 2, 3], [1, 2, 4], [1, 2, 3, 5]), 2);
  assert.equal(of([1, 2, 3], [1, 2, 3]), 2);
  assert.equal(of([1, 2, 3, 4], [1, 2]), 1);
  assert.equal(of([1, 2, 3, 4], [1, 2, 3, 4], [9, 2, 3, 4]), 0);
  assert.equal(of([1, 2, 3], []), 0);
  assert.equal(of([1, 2, 3]), 0);
  assert.equal(of(), 0);
  const [one, other] = [sharedTokens([]), sharedTokens([])];
  assert.notEqual(one.reading, other.reading);
});
