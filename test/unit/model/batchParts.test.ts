import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { stepParts, partOptions, predictionParts, rowsOf } from "../../../src/model/batchParts.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";

/** Every row's ids and labels tell which row they are of. */
const batchOf = (lengths: readonly number[], targets: readonly number[]): Batch =>
  padBatch(
    lengths.map((length, row) => ({
      input: "",
      target: "",
      ids: Array.from({ length }, (_, i) => 1000 * (row + 1) + i),
      labels: Array.from({ length: targets[row]! }, (_, i) => 1000 * (row + 1) + i),
    })),
  );
const cells = (batch: Batch): string[] =>
  Array.from({ length: batch.rows }, (_, row) =>
    JSON.stringify([
      Array.from(batch.ids.subarray(row * batch.sourceLength, (row + 1) * batch.sourceLength)).filter(
        (_, i) => batch.mask[row * batch.sourceLength + i] === 1,
      ),
      Array.from(batch.labels.subarray(row * batch.targetLength, (row + 1) * batch.targetLength)).filter(
        (id) => id >= 0,
      ),
    ]),
  );
const shapes = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 6 })), {
  minLength: 1,
  maxLength: 70,
});

test("parts hold every row once, with its own tokens, padded to the part's own longest and no further", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 5 }), (rows, prompt, count) => {
      const form = { prompt, isCausal: false };
      const batch = batchOf(
        rows.map(([length]) => length),
        rows.map(([, target]) => target),
      );
      const whole = cells(batch);
      for (const parts of [stepParts(batch, form), predictionParts(batch, form, count)]) {
        assert.deepEqual(
          parts.flatMap((part) => part.rows).sort((a, b) => a - b),
          rows.map((_, i) => i),
        );
        for (const { batch: part, rows: places } of parts) {
          assert.deepEqual(
            cells(part),
            places.map((row) => whole[row]),
          );
          assert.equal(part.sourceLength, Math.max(...places.map((row) => rows[row]![0])));
          assert.equal(part.targetLength, Math.max(...places.map((row) => rows[row]![1])));
        }
      }
      assert.ok(predictionParts(batch, form, count).length <= count);
    }),
  );
});

test("a large batch of even rows is cut evenly, and an odd number of parts above one is not made", () => {
  for (const [rows, length, prompt, parts] of [
    [32, 64, 20, 4],
    [32, 200, 100, 14],
    [4, 50, 20, 1],
    [2, 2000, 0, 2],
    [1, 5000, 0, 1],
  ] as const) {
    const made = stepParts(
      batchOf(
        Array.from({ length: rows }, () => length),
        Array.from({ length: rows }, () => 2),
      ),
      { prompt, isCausal: false },
    );
    assert.equal(made.length, parts);
    const sizes = made.map((part) => part.rows.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join());
    assert.equal(
      stepParts(
        batchOf(
          Array.from({ length: rows }, () => length),
          Array.from({ length: rows }, () => 2),
        ),
        { prompt, isCausal: false },
        100_000,
      ).length,
      1,
      "a device with room takes it whole",
    );
  }
});

test("a part's dropout factors are those of its rows and places", () => {
  const batch = batchOf([2, 5, 3], [1, 1, 1]);
  const units = 2;
  const hiddenMask = Float32Array.from({ length: 3 * 5 * units }, (_, i) => i);
  const [first, second] = predictionParts(batch, { prompt: 0, isCausal: false }, 2);
  for (const [index, part] of [first!, second!].entries()) {
    const own = partOptions({ lossScale: 1, hiddenMask, backboneDropout: { rate: 0.1, seed: 7 } }, part, {
      columns: 5,
      partColumns: part.batch.sourceLength,
      units,
      part: index,
    });
    const { sourceLength } = part.batch;
    part.rows.forEach((row, i) => {
      for (let at = 0; at < sourceLength * units; at++)
        assert.equal(own.hiddenMask![i * sourceLength * units + at], row * 5 * units + at);
    });
    assert.equal(own.backboneDropout!.seed === 7, index === 0, "parts drop different values");
  }
});

test("the tokens of a target of which some are not trained travel with their labels into the parts", () => {
  const batch = padBatch([
    { input: "", target: "", ids: [5], labels: [7, 8] },
    { input: "", target: "", ids: [5, 6, 7], labels: [11, -100, -100, 12], targetIds: [11, 13, 14, 12] },
  ]);
  assert.deepEqual([...batch.targetIds!], [7, 8, 0, 0, 11, 13, 14, 12]);
  const [part] = predictionParts(batch, { prompt: 0, isCausal: false }, 1);
  const own = part!.rows.map((row, at) => [row, [...part!.batch.targetIds!.subarray(4 * at, 4 * at + 4)]]);
  assert.deepEqual(own, [
    [0, [7, 8, 0, 0]],
    [1, [11, 13, 14, 12]],
  ]);
  assert.deepEqual([...rowsOf(batch, [0]).batch.targetIds!], [7, 8]);
});

test("parts of a causal model are formed by the length of text and target together", () => {
  const texts = [1, 1, 400, 400];
  const targets = [400, 400, 2, 2];
  const batch = batchOf(texts, targets);
  const groups = (isCausal: boolean): number[][] =>
    stepParts(batch, { prompt: 0, isCausal }, 500).map(({ rows }) => [...rows].sort((a, b) => a - b));
  assert.deepEqual(groups(true).flat().length, 4);
  assert.equal(groups(true).length, 4);
  assert.deepEqual(groups(false), [[0, 1, 2], [3]]);
});
