import assert from "node:assert/strict";
import { after, test } from "node:test";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { encodeAll } from "../../../src/training/batch/exampleEncoder.ts";
import { pairEncoder } from "../../../src/training/batch/pairEncoder.ts";
import { evaluate } from "../../../src/training/evaluation.ts";

const folder = backboneFolder("tiny-t5");
const tokenizer = loadTokenizer(folder);
const model = LocalModel.open({
  folder,
  method: { kind: "pt", promptInit: "random", initText: "" },
  sizes: { promptLength: 2, bottleneck: 0, count: 0 },
  engine: { device: "cpu", threads: 1, replicas: 1 },
});
after(() => model.release());
const random = new MersenneTwister(2);
const parameters = new Map([
  [
    "prompt",
    {
      name: "prompt",
      dims: [2, model.width],
      group: "prompt",
      data: Float32Array.from({ length: 2 * model.width }, () => 3 * random.normal()),
    },
  ],
]);
const LABELS = ["ham", "spam", "not a word of one token"];
const examples = await encodeAll(
  ["money now", "lunch on friday with the whole team?", "x"].map((source, i) => ({ source, target: LABELS[i]! })),
  pairEncoder(tokenizer, { maxSourceLength: 20, maxTargetLength: 20 }),
);

test("each label's score is the loss of that label as the target", async () => {
  const ids = await Promise.all(LABELS.map((label) => tokenizer.encodeIds(label)));
  const scores = await model.scoreTargets(parameters, padBatch(examples), ids);
  for (const [at, labels] of ids.entries()) {
    const { sum } = await model.losses(parameters, padBatch(examples.map((example) => ({ ...example, labels }))));
    sum.forEach((loss, row) => {
      assert.ok(Math.abs(scores[row]![at]! / loss - 1) < 1e-5, `row ${row}, label ${at}`);
    });
  }
});

test("the loss alone is that of the targets; nothing is predicted, and nothing is scored", async () => {
  const options = { maxTokens: 5, decode: (tokens: number[]) => tokenizer.decode(tokens) };
  const free = (await evaluate(model, parameters, examples, options))!;
  const alone = (await evaluate(model, parameters, examples, { ...options, lossOnly: true }))!;
  assert.ok(Math.abs(alone.loss / free.loss - 1) < 1e-5);
  assert.deepEqual(alone.metrics, {});
  assert.deepEqual(
    alone.predictions.map(({ prediction }) => prediction),
    ["", "", ""],
  );
});

test("the likeliest label is predicted, its target's loss reported, and every prediction is a label", async () => {
  const ids = await Promise.all(LABELS.map((label) => tokenizer.encodeIds(label)));
  const options = { maxTokens: 5, decode: (tokens: number[]) => tokenizer.decode(tokens) };
  const chosen = (await evaluate(model, parameters, examples, { ...options, candidates: { texts: LABELS, ids } }))!;
  const free = (await evaluate(model, parameters, examples, options))!;
  assert.ok(Math.abs(chosen.loss / free.loss - 1) < 1e-5);
  const scores = await model.scoreTargets(parameters, padBatch(examples), ids);
  chosen.predictions.forEach(({ prediction }, row) => {
    assert.equal(prediction, LABELS[scores[row]!.indexOf(Math.min(...scores[row]!))]);
  });
  // A target that is no candidate still has its loss.
  const two = (await evaluate(model, parameters, examples, {
    ...options,
    candidates: { texts: LABELS.slice(0, 2), ids: ids.slice(0, 2) },
  }))!;
  assert.ok(Math.abs(two.loss / free.loss - 1) < 1e-5);
});
