import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { unpackers } from "../../../src/task/rows/parquetUnpackers.ts";

const text = Buffer.from("one two one two one two");

test("an empty page of any codec is empty, as the dictionary of a column of nulls is", () => {
  for (const [codec, packed] of [
    ["LZ4_RAW", Uint8Array.of(0)],
    ["LZ4", Uint8Array.of(0)],
    ["SNAPPY", Uint8Array.of(0)],
    ["GZIP", gzipSync("")],
    ["BROTLI", brotliCompressSync("")],
    ["ZSTD", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0)],
  ] as const)
    assert.equal(unpackers[codec]!(packed, 0).length, 0, codec);
});

test("pages are unpacked; one that unpacks to more than its header says is refused", () => {
  assert.deepEqual(Buffer.from(unpackers.BROTLI!(brotliCompressSync(text), text.length)), text);
  assert.deepEqual(Buffer.from(unpackers.GZIP!(gzipSync(text), text.length)), text);
  // A block of LZ4: a literal of four bytes, then a match of eight.
  const block = Uint8Array.of(0x44, ...Buffer.from("abcd"), 4, 0);
  assert.equal(Buffer.from(unpackers.LZ4_RAW!(block, 12)).toString(), "abcdabcdabcd");
  const long = brotliCompressSync(Buffer.alloc(50_000_000));
  assert.ok(long.length < 100);
  assert.throws(() => unpackers.BROTLI!(long, 100), RangeError);
  assert.throws(() => unpackers.BROTLI!(Uint8Array.of(255, 255, 255), 100));
});
