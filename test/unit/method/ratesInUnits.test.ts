import assert from "node:assert/strict";
import { test } from "node:test";
import { ratesInUnits } from "../../../src/method/learningRates.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";

test("the named groups' rates are times the root mean square of the table; without any, the table is not read", () => {
  const table = {
    tokens: 2,
    row: (id: number) =>
      Float32Array.from(
        [
          [3, 4],
          [0, 0],
        ][id]!,
      ),
  };
  const rates = { prompt: 2, ffn: 0.001 };
  const of = (rateUnits: string[] | undefined): object =>
    ratesInUnits(MethodInput.parse({ kind: "adept", rateUnits }), rates, () => {
      assert.notEqual(rateUnits, undefined);
      return table;
    });
  assert.deepEqual(of(["prompt"]), { prompt: 5, ffn: 0.001 });
  assert.deepEqual(of(["prompt", "ffn"]), { prompt: 5, ffn: 0.0025 });
  assert.equal(of(undefined), rates);
});
