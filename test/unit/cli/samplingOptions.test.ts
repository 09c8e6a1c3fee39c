import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { samplingOf } from "../../../src/cli/samplingOptions.ts";

test("without a temperature, or at 0, the likeliest token is taken; what would have no effect is refused", () => {
  assert.equal(samplingOf({}), undefined);
  assert.equal(samplingOf({ temperature: "0" }), undefined);
  for (const given of [{ "top-p": "0.9" }, { seed: "1" }, { temperature: "0", seed: "0" }])
    assert.throws(
      () => samplingOf(given),
      (error) => error instanceof UserError && error.code === "sampling-without-temperature",
    );
});

test("a temperature draws from all tokens with seed 0 unless said otherwise", () => {
  assert.deepEqual(samplingOf({ temperature: "0.8" }), { temperature: 0.8, topP: 1, seed: 0 });
  assert.deepEqual(samplingOf({ temperature: "1", "top-p": "0.9", seed: "7" }), { temperature: 1, topP: 0.9, seed: 7 });
});

test("a value out of its range is refused by its name", () => {
  for (const [given, name] of [
    [{ temperature: "-1" }, "--temperature"],
    [{ temperature: "hot" }, "--temperature"],
    [{ temperature: "" }, "--temperature"],
    [{ temperature: "1", "top-p": "0" }, "--top-p"],
    [{ temperature: "1", "top-p": "1.1" }, "--top-p"],
    [{ temperature: "1", seed: "1.5" }, "--seed"],
    [{ temperature: "1", seed: "4294967296" }, "--seed"],
  ] as const)
    assert.throws(
      () => samplingOf(given),
      (error) => error instanceof UserError && error.message.includes(name),
    );
});
