import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { Batch } from "../../../src/backbone/batch.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { likeliestToken, nucleus, samplingChoice } from "../../../src/model/chooseToken.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { CPU } from "../../golden/engines.ts";
import { randomModel, TINY_LLAMA } from "./tinyCausal.ts";

/** Probabilities 0.1, 0.4, 0.05, 0.3, 0.15 of tokens 0 to 4, as logits. */
const SHARES = [0.1, 0.4, 0.05, 0.3, 0.15];
const LOGITS = Float32Array.from(SHARES, Math.log);
const batchOf = (texts: readonly number[][]): Batch =>
  padBatch(texts.map((ids) => ({ input: "", target: "", ids, labels: [] })));

/** How often each token is drawn in 20,000 draws. */
function frequencies(temperature: number, topP: number, seed = 3): number[] {
  const choose = samplingChoice(batchOf([[7, 8]]), { temperature, topP, seed });
  const counts = SHARES.map(() => 0);
  for (let i = 0; i < 20_000; i++) counts[choose(LOGITS, 0)]!++;
  return counts.map((count) => count / 20_000);
}
function near(found: readonly number[], expected: readonly number[]): void {
  // Four standard errors of a share of 0.5 over 20,000 draws.
  found.forEach((x, i) => {
    assert.ok(Math.abs(x - expected[i]!) < 0.015, `${found.join()}, ${expected.join()}`);
  });
}

test("top-p keeps the smallest set of likeliest tokens whose probability reaches p", () => {
  const weights = Float64Array.from(SHARES);
  // Likeliest first: 0.4, 0.7, 0.85, 0.95, 1.
  for (const [topP, expected] of [
    [0.01, [1]],
    [0.39, [1]],
    [0.41, [1, 3]],
    [0.69, [1, 3]],
    [0.71, [1, 3, 4]],
    [0.86, [1, 3, 4, 0]],
    [0.96, [1, 3, 4, 0, 2]],
  ] as const)
    assert.deepEqual(nucleus(weights, topP), expected, String(topP));
  assert.deepEqual(nucleus(Float64Array.of(1, 1, 1, 1), 0.5), [0, 1], "of equal ones the first");
  assert.deepEqual(nucleus(Float64Array.of(2, 8, 4, 6), 0.69), [1, 3], "shares of the sum count");
});

test("tokens are drawn with their probability, sharpened by the temperature, among those that top-p keeps", () => {
  near(frequencies(1, 1), SHARES);
  near(frequencies(1, 0.6), [0, 4 / 7, 0, 3 / 7, 0]);
  // At temperature 0.5 a probability counts squared.
  const squares = SHARES.map((p) => p * p);
  const total = squares.reduce((a, b) => a + b, 0);
  near(
    frequencies(0.5, 1),
    squares.map((p) => p / total),
  );
  // Top-p is applied after the temperature: squared, 0.4 and 0.3 have 0.87 of the whole.
  near(frequencies(0.5, 0.85), [0, 16 / 25, 0, 9 / 25, 0]);
});

test("at a temperature near 0 the likeliest token is taken; a token of probability 0 never", () => {
  assert.equal(likeliestToken(LOGITS, 0), 1);
  assert.equal(likeliestToken(Float32Array.of(2, 5, 5), 0), 1);
  for (const temperature of [1e-3, 1e-30]) assert.deepEqual(frequencies(temperature, 1), [0, 1, 0, 0, 0]);
  const choose = samplingChoice(batchOf([[7]]), { temperature: 5, topP: 1, seed: 0 });
  const logits = Float32Array.of(-Infinity, 0, -Infinity);
  for (let i = 0; i < 100; i++) assert.equal(choose(logits, 0), 1);
});

const TEXTS = [[7, 8, 9, 10, 11, 12, 13], [20], [31, 6, 31, 6], [14, 15]];

test("the same seed draws the same ids for a text whatever stands beside it, another seed others; near 0 they are the greedy ones", async () => {
  const folder = randomModel({ ...TINY_LLAMA, eos_token_id: [2, 5] });
  const model = LocalModel.open({
    folder,
    method: MethodInput.parse({ kind: "ia3", targets: [], feedForward: [] }),
    sizes: { count: 0 },
    engine: CPU,
  });
  const none: Parameters = new Map();
  const sampling = { temperature: 1.5, topP: 0.95, seed: 11 };
  const drawn = await model.generate(none, batchOf(TEXTS), 12, { sampling });
  assert.deepEqual(await model.generate(none, batchOf(TEXTS), 12, { sampling }), drawn);
  for (const [row, text] of TEXTS.entries())
    assert.deepEqual(await model.generate(none, batchOf([text]), 12, { sampling }), [drawn[row]], `row ${row}`);
  const reversed = await model.generate(none, batchOf([...TEXTS].reverse()), 12, { sampling });
  assert.deepEqual([...reversed].reverse(), drawn);
  const others = await model.generate(none, batchOf(TEXTS), 12, { sampling: { ...sampling, seed: 12 } });
  assert.notDeepEqual(others, drawn);
  const greedy = await model.generate(none, batchOf(TEXTS), 12);
  assert.notDeepEqual(drawn, greedy);
  assert.deepEqual(
    await model.generate(none, batchOf(TEXTS), 12, { sampling: { ...sampling, temperature: 1e-4 } }),
    greedy,
  );
  // A drawn end token ends its row.
  for (const ids of drawn) assert.ok(ids.slice(0, -1).every((id) => id !== 2 && id !== 5));
  await model.release();
  rmSync(folder, { recursive: true });
});
