import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BLOCKS, dequantised } from "../../src/backbone/gguf/ggufBlocks.ts";
import { readGguf, type GgufFile, type GgufTensor } from "../../src/backbone/gguf/ggufFile.ts";
import type { GgufType } from "../../src/backbone/gguf/ggufTypes.ts";
import { readBytes } from "../../src/engine/weightData.ts";
import { Random } from "../fuzz/random.ts";
import { blockVectors, sameValues } from "../unit/backbone/ggufVectors.ts";

// Every value and every key against the Python package gguf.
const CACHE = join(import.meta.dirname, "../cache");
const PYTHON = process.env["ADEPT_PYTHON"] ?? join(CACHE, "python/bin/python");
const REAL = join(CACHE, "smollm2.gguf");
const TYPES = Object.keys(BLOCKS) as GgufType[];
const folder = mkdtempSync(join(tmpdir(), "adept-gguf-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The bytes at which each type has an fp16. */
const HALVES: Partial<Record<GgufType, readonly number[]>> = {
  Q8_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
};
/** Zeros, subnormals, the least and the largest normal ones, infinities, NaN. */
const HOSTILE = [
  0, 0x8000, 1, 0x8001, 0x3ff, 0x83ff, 0x400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0x7e00, 0xffff, 0x3c00,
];

interface Case {
  name: string;
  type: GgufType;
  rows: number;
  raw: Uint8Array;
}

/** Blocks of random bytes: in rows of several lengths, and with every pair of hostile fp16. */
function casesOf(type: GgufType): Case[] {
  const random = new Random(TYPES.indexOf(type));
  const { bytes } = BLOCKS[type];
  const blocks = (count: number): Uint8Array => Uint8Array.from({ length: count * bytes }, () => random.below(256));
  const rows = [
    [1, 1],
    [1, 7],
    [5, 3],
    [33, 8],
    [200, 12],
  ].map(([count, length]) => ({
    name: `${type}-${count}x${length}`,
    type,
    rows: count!,
    raw: blocks(count! * length!),
  }));
  const [first, second = first] = HALVES[type] ?? [];
  const pairs = HOSTILE.flatMap((one) => HOSTILE.map((other) => [one, other]));
  const hostile = blocks(pairs.length);
  const view = new DataView(hostile.buffer);
  if (second !== undefined)
    for (const [i, [one, other]] of pairs.entries()) {
      view.setUint16(i * bytes + first!, one!, true);
      view.setUint16(i * bytes + second, other!, true);
    }
  // Every byte at every place of a block but its fp16, which are 1.
  const all = Uint8Array.from({ length: 256 * bytes }, (_, i) => Math.floor(i / bytes) + (i % bytes) * 37);
  for (let block = 0; block < 256; block++)
    for (const at of HALVES[type] ?? []) new DataView(all.buffer).setUint16(block * bytes + at, 0x3c00, true);
  return [
    ...rows,
    { name: `${type}-hostile`, type, rows: pairs.length, raw: hostile },
    { name: `${type}-all`, type, rows: 16, raw: all },
  ];
}
const cases = TYPES.flatMap(casesOf);
const vectors = blockVectors();

interface Told {
  metadata: Record<string, unknown>;
  tensors: (Omit<GgufTensor, "file"> & { sha256: string })[];
}
let told: Told[];
const part = (number: number): string => join(folder, `made-parts-0000${number}-of-00003.gguf`);
const files = [join(folder, "made-one.gguf"), part(1), part(2), part(3), REAL];

before(() => {
  if (!existsSync(REAL)) throw new Error(`${REAL} is missing: run test/models/prepare.sh`);
  const asked = [...cases, ...vectors.map((each, i) => ({ ...each, name: `vector-${i}`, rows: 1 }))];
  for (const { name, raw } of asked) writeFileSync(join(folder, `${name}.raw`), raw);
  writeFileSync(
    join(folder, "blocks.json"),
    JSON.stringify(asked.map(({ name, type, rows }) => ({ name, type, rows }))),
  );
  writeFileSync(join(folder, "files.json"), JSON.stringify(files));
  const { stderr, status } = spawnSync(PYTHON, [join(import.meta.dirname, "gguf_files.py"), folder], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  told = JSON.parse(readFileSync(join(folder, "told.json"), "utf8")) as Told[];
});

const theirs = (name: string): Float32Array =>
  new Float32Array(Uint8Array.from(readFileSync(join(folder, `${name}.values`))).buffer);

test("every value of random and of hostile blocks of every type is that of gguf, bit for bit", () => {
  for (const { name, type, raw } of cases) {
    const values = theirs(name);
    sameValues(dequantised(type, raw, values.length), values, name);
    // The same bytes at an odd address.
    const moved = new Uint8Array(raw.length + 1);
    moved.set(raw, 1);
    sameValues(dequantised(type, moved.subarray(1), values.length), values, `${name}, moved`);
  }
});

test("the blocks that npm test has are what gguf says", () => {
  for (const [i, { name, values }] of vectors.entries()) sameValues(values, theirs(`vector-${i}`), name);
});

/** The values of a tensor in one hash, each as it is. */
function hashOf({ file, offset, bytes, type, dims }: GgufTensor): string {
  const fd = openSync(file, "r");
  try {
    const values = dequantised(
      type,
      readBytes(fd, offset, bytes),
      dims.reduce((a, b) => a * b, 1),
    );
    return createHash("sha256").update(values).digest("hex");
  } finally {
    closeSync(fd);
  }
}

/** Metadata as JSON has them. */
const plain = ({ metadata }: GgufFile): Record<string, unknown> =>
  Object.fromEntries(
    [...metadata.keys()].map((key) => {
      const value = metadata.value(key)!;
      return [key, value instanceof Float64Array ? [...value] : value];
    }),
  );

/** Arrays of booleans are 0 and 1 here. */
const asNumbers = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((each: unknown) => (typeof each === "boolean" ? Number(each) : each)) : value;

/** Asserts that a model is what gguf reads of its files. */
function sameModel(file: GgufFile, parts: readonly Told[]): void {
  const metadata = Object.entries(parts[0]!.metadata).map(([key, value]) => [key, asNumbers(value)]);
  assert.deepEqual(plain(file), Object.fromEntries(metadata));
  const own = [...file.tensors.values()].map((tensor) => {
    const { name, type, dims, offset, bytes } = tensor;
    return { name, type, dims, offset, bytes, sha256: hashOf(tensor) };
  });
  assert.deepEqual(
    own,
    parts.flatMap(({ tensors }) => tensors),
  );
}

test("a file that gguf wrote, alone or in parts, is read as gguf reads it", () => {
  sameModel(readGguf(files[0]!), [told[0]!]);
  const parts = readGguf(part(1));
  assert.deepEqual([...new Set([...parts.tensors.values()].map(({ file }) => file))], [part(1), part(2), part(3)]);
  sameModel(parts, told.slice(1, 4));
});

test("a published model is read as gguf reads it: 134 million values and 98,052 tokens and merges", () => {
  sameModel(readGguf(REAL), [told[4]!]);
});
