import assert from "node:assert/strict";
import { test } from "node:test";
import { MersenneTwister } from "../../../src/base/random.ts";
import { packHalves, quantiseBetween, quantiseHalves } from "../../../src/engine/narrowing.ts";

const GROUP = 32;
const random = new MersenneTwister(3);
const drawn = (groups: number, size: number): Float32Array =>
  Float32Array.from({ length: groups * GROUP }, () => size * (random.uniform() - 0.4));

for (const size of [1e-3, 1, 1e4])
  test(`four bits with a sign: each of ${size} comes back within half a step, the largest exactly`, () => {
    const values = drawn(50, size);
    const { levels, scales } = quantiseHalves(values, GROUP);
    for (let group = 0; group < 50; group++) {
      const own = values.subarray(group * GROUP, (group + 1) * GROUP);
      const at = own.reduce((best, value, i) => (Math.abs(value) > Math.abs(own[best]!) ? i : best), 0);
      assert.equal(levels[group * GROUP + at], -8);
      own.forEach((value, i) => {
        const level = levels[group * GROUP + i]!;
        assert.ok(level >= -8 && level <= 7);
        const error = Math.abs(level * scales[group]! - value);
        // Only a value that is nearly as large as the largest, with the other sign, has no level of its own.
        const room = level === 7 ? 1 : 0.5;
        assert.ok(error <= room * Math.abs(scales[group]!) * (1 + 1e-6), `${value}: ${error} of ${scales[group]}`);
      });
    }
  });

test("four bits between the smallest and the largest value: each value comes back within half a step", () => {
  const values = drawn(50, 3).map((value, i) => value + 5 * Math.floor(i / GROUP));
  const { levels, scales, offsets } = quantiseBetween(values, GROUP);
  for (const [i, value] of values.entries()) {
    const group = Math.floor(i / GROUP);
    const error = Math.abs(levels[i]! * scales[group]! + offsets[group]! - value);
    assert.ok(error <= 0.5 * scales[group]! + 1e-6 * Math.abs(value), `${value}: ${error} of ${scales[group]}`);
  }
  assert.deepEqual([Math.min(...levels), Math.max(...levels)], [0, 15]);
});

test("groups of equal values, of zeros and of values too small for a scale have no scale, and finite levels", () => {
  for (const value of [0, 2.5, -7, 1e-40]) {
    const values = new Float32Array(GROUP).fill(value);
    const between = quantiseBetween(values, GROUP);
    assert.deepEqual([between.scales[0], between.offsets[0]], [0, Math.fround(value)]);
    assert.ok(between.levels.every((level) => level === 0));
    const { levels, scales } = quantiseHalves(values, GROUP);
    const kept = Math.abs(value) < 1e-30 ? 0 : Math.fround(value);
    assert.ok(levels.every((level) => Math.fround(level * scales[0]!) === kept));
  }
});

test("two levels are packed into a byte, the first in the low half, with their signs", () => {
  assert.deepEqual([...packHalves(Int8Array.of(-8, 7, -1, 0))], [0x78, 0x0f]);
  assert.deepEqual([...packHalves(Uint8Array.of(1, 15, 0, 9))], [0xf1, 0x90]);
});
