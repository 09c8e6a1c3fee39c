import assert from "node:assert/strict";
import { test } from "node:test";
import { quantiseRows, toBfloat16, toFloat16 } from "../../../src/engine/narrowing.ts";
import { widen } from "../../../src/engine/weightData.ts";
import { MersenneTwister } from "../../../src/base/random.ts";

const random = new MersenneTwister(9);
/** Values of every size that a weight may have, down to fp32's smallest. */
const values = Float32Array.from(
  { length: 6000 },
  (_, i) => random.normal() * 10 ** (i % 3 === 0 ? 0 : -Math.floor(random.uniform() * 45)),
);
const bufferOf = (data: Uint16Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

test("int8: every value comes back within half its row's scale, and the largest of a row is a level of 127", () => {
  for (const width of [1, 3, 60, 6000]) {
    const { levels, scales } = quantiseRows(values, width);
    for (let i = 0; i < values.length; i++) {
      const scale = scales[Math.floor(i / width)]!;
      // Both products are exact in a double.
      assert.ok(Math.abs(values[i]! - levels[i]! * scale) <= scale / 2, `${values[i]!} as ${levels[i]!} x ${scale}`);
    }
    scales.forEach((scale, row) => {
      const own = values.subarray(row * width, (row + 1) * width);
      const largest = Math.max(...own.map(Math.abs));
      if (scale > 2 ** -126)
        assert.equal(Math.max(...levels.subarray(row * width, (row + 1) * width).map(Math.abs)), 127);
      assert.equal(scale, Math.max(Math.fround(largest / 127), 2 ** -126));
    });
  }
});

test("int8: halves round to the even level, a row of zeros stays zero", () => {
  assert.deepEqual(
    [...quantiseRows(Float32Array.of(127, 0.5, 1.5, 2.5, -0.5, -1.5, -126.5, 0), 8).levels],
    [127, 0, 2, 2, 0, -2, -126, 0],
  );
  const { levels, scales } = quantiseRows(new Float32Array(4), 2);
  assert.deepEqual([[...levels], scales.every((scale) => scale > 0)], [[0, 0, 0, 0], true]);
});

test("bf16 and fp16: values round to the nearest, halves to even", () => {
  const bf16 = widen(bufferOf(toBfloat16(values)), "bfloat16");
  const fp16 = widen(bufferOf(toFloat16(values)), "float16");
  values.forEach((value, i) => {
    // bf16 has fp32's exponents: below the smallest normal number the distance is fixed.
    assert.ok(
      Math.abs(bf16[i]! - value) <= Math.max(2 ** -9 * 2 ** Math.ceil(Math.log2(Math.abs(value))), 2 ** -134),
      `${value} as bf16 ${bf16[i]!}`,
    );
    assert.ok(
      Math.abs(fp16[i]! - value) <= Math.max(2 ** -12 * 2 ** Math.ceil(Math.log2(Math.abs(value))), 2 ** -25),
      `${value} as fp16 ${fp16[i]!}`,
    );
  });
  const bits = (of: (values: Float32Array) => Uint16Array, ...given: number[]): string[] =>
    [...of(Float32Array.from(given))].map((each) => each.toString(16));
  assert.deepEqual(bits(toBfloat16, 1, -2, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 0, -0), [
    "3f80",
    "c000",
    "3f80",
    "3f82",
    "3f81",
    "0",
    "8000",
  ]);
  assert.deepEqual(
    bits(
      toFloat16,
      1,
      -2,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65504,
      65519,
      65520,
      -1e6,
      2 ** -14,
      2 ** -24,
      2 ** -25,
      3 * 2 ** -25,
      2 ** -25 + 2 ** -40,
      2047 * 2 ** -25,
    ),
    ["3c00", "c000", "3c00", "3c02", "7bff", "7bff", "7c00", "fc00", "400", "1", "0", "2", "1", "400"],
  );
});

test("every fp16 value survives the conversion unchanged", () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i).filter((each) => (each & 0x7c00) !== 0x7c00);
  assert.deepEqual(toFloat16(widen(bufferOf(all), "float16")), all);
});
