import assert from "node:assert/strict";
import { test } from "node:test";
import { BLOCKS, dequantised, unpacked, type Unpacked } from "../../../src/backbone/gguf/ggufBlocks.ts";
import type { GgufBlockType } from "../../../src/backbone/gguf/ggufTypes.ts";
import { blockVectors, sameValues } from "./ggufVectors.ts";

const vectors = blockVectors();
const QUANTISED = Object.keys(BLOCKS).filter((type) => type.startsWith("Q")) as GgufBlockType[];

test("the values of blocks of every type are those of the package gguf, bit for bit", () => {
  assert.deepEqual(new Set(vectors.map(({ type }) => type)), new Set(Object.keys(BLOCKS)));
  for (const { name, type, raw, values } of vectors) sameValues(dequantised(type, raw, values.length), values, name);
});

test("several blocks follow each other, at any address", () => {
  for (const type of QUANTISED) {
    const own = vectors.filter((each) => each.type === type);
    const raw = Buffer.concat([Buffer.of(0), ...own.map((each) => each.raw)]).subarray(1);
    const values = new Float32Array(own.flatMap((each) => [...each.values]));
    sameValues(dequantised(type, raw, values.length), values, type);
  }
});

/** Levels times scales plus offsets, each step in fp32. */
const valuesOf = ({ levels, group, scales, offsets }: Unpacked): Float32Array =>
  Float32Array.from(levels, (level, i) => {
    const of = Math.floor(i / group);
    const product = Math.fround(level * scales[of]!);
    return offsets === undefined ? product : product + offsets[of]!;
  });

test("levels with scales and offsets give the same values, within the bits of the type", () => {
  const bits: Record<GgufBlockType, number> = {
    Q8_0: 8,
    Q4_0: 4,
    Q4_1: 4,
    Q5_0: 5,
    Q5_1: 5,
    Q4_K: 4,
    Q5_K: 5,
    Q6_K: 6,
  };
  for (const { name, type, raw, values } of vectors) {
    if (type === "F32" || type === "F16" || type === "BF16") continue;
    const parts = unpacked(type, raw);
    sameValues(valuesOf(parts), values, name);
    const { levels, group, scales, offsets } = parts;
    assert.equal(levels instanceof Int8Array, offsets === undefined, name);
    assert.equal(levels.length, scales.length * group);
    assert.ok(offsets === undefined || offsets.length === scales.length);
    const least = levels instanceof Int8Array ? -(2 ** (bits[type] - 1)) : 0;
    assert.ok(
      levels.every((level) => level >= least && level < least + 2 ** bits[type]),
      name,
    );
  }
});

test("bytes that are not the values asked for are no mistake of a user's", () => {
  assert.throws(() => dequantised("Q4_0", new Uint8Array(18), 31), RangeError);
  assert.throws(() => dequantised("Q4_0", new Uint8Array(19), 32), RangeError);
  assert.throws(() => dequantised("F16", new Uint8Array(3), 1), RangeError);
  assert.equal(dequantised("Q4_K", new Uint8Array(0), 0).length, 0);
});
