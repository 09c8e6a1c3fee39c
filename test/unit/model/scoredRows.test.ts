import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { rowRanges, scoredRows } from "../../../src/model/scoredRows.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { CPU } from "../../golden/engines.ts";
import { randomModel, TINY_LLAMA } from "./tinyCausal.ts";

const MB = 2 ** 20;

test("so many rows are scored at once that their logits take at most 128 MB, and never less than one", () => {
  for (const [target, vocabulary] of [
    [20, 32_128],
    [160, 49_152],
    [1, 32_128],
    [4000, 128_256],
  ] as const) {
    const rows = scoredRows(target, vocabulary);
    assert.ok(rows === 1 || rows * target * vocabulary * 4 <= 128 * MB, `${rows} rows`);
    assert.ok((rows + 1) * target * vocabulary * 4 > 128 * MB, `${rows} rows are few`);
  }
});

test("ranges cover all rows in order", () => {
  assert.deepEqual(rowRanges(5, 2), [
    { from: 0, to: 2 },
    { from: 2, to: 4 },
    { from: 4, to: 5 },
  ]);
  assert.deepEqual(rowRanges(2, 100), [{ from: 0, to: 2 }]);
});

test("rows that are scored a few at a time have the losses that each has alone", async () => {
  const vocabulary = 600_000;
  const folder = randomModel({ ...TINY_LLAMA, vocab_size: vocabulary });
  try {
    const method = MethodInput.parse({ kind: "pt", promptInit: "random" });
    const model = LocalModel.open({ folder, method, sizes: { promptLength: 0, count: 0 }, engine: CPU });
    const prompt = { name: "prompt", dims: [0, TINY_LLAMA.hidden_size], group: "prompt", data: new Float32Array(0) };
    const parameters = new Map([["prompt", prompt]]);
    const rows = [16, 3, 11, 16, 1].map((length, row) => ({
      input: "",
      target: "",
      ids: Array.from({ length: 4 + row }, (_, i) => 6 + 7 * i + row),
      labels: Array.from({ length }, (_, i) => 100_000 * (i % 6) + row),
    }));
    assert.equal(scoredRows(16, vocabulary), 3);
    const batch = padBatch(rows);
    const predicted = await model.predict(parameters, batch, 1);
    const whole = await model.losses(parameters, batch);
    for (const [row, example] of rows.entries()) {
      const alone = await model.losses(parameters, padBatch([example]));
      for (const found of [predicted, whole]) {
        assert.equal(found.tokens[row], example.labels.length);
        assert.ok(Math.abs(found.sum[row]! / alone.sum[0]! - 1) < 1e-5, `row ${row}`);
      }
    }
    await model.release();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
