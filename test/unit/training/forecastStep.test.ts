import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf } from "../../../src/training/speed/forecastStep.ts";

const row = (source: number, target: number) => ({ ids: { length: source }, labels: { length: target } });

test("a part is as long as its longest row; a causal row is its text and its target less one", () => {
  const [part, ...more] = partsOf([row(30, 5), row(10, 40)], { prompt: 20, isCausal: true });
  assert.deepEqual([part, more], [{ rows: 2, source: 30, target: 40, columns: 49, tokens: 83, labels: 45 }, []]);
});

test("an encoder-decoder embeds texts alone", () => {
  const [part] = partsOf([row(30, 5), row(10, 40)], { prompt: 20, isCausal: false });
  assert.deepEqual(part, { rows: 2, source: 30, target: 40, columns: 30, tokens: 40, labels: 45 });
});

test("a batch is cut as its step cuts it, and no row is lost", () => {
  const rows = Array.from({ length: 8 }, (_, i) => row(10 + 10 * i, 1));
  const parts = partsOf(rows, { prompt: 0, isCausal: false, partTokens: 200 });
  assert.equal(parts.length, 2);
  assert.equal(
    parts.reduce((sum, each) => sum + each.rows, 0),
    8,
  );
  assert.ok(parts[0]!.columns < parts[1]!.columns);
});
