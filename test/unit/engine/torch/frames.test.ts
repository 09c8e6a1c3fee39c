import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FrameReader, frameStart, placed, typeOf, type Frame } from "../../../../src/engine/torch/frames.ts";

const TOKEN = "\n<adept 0123456789ab>";
const HEAD = 16;
const SAMPLE: readonly Frame[] = [
  { header: { call: "run", name: "é – ✓" }, data: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]) },
  { header: {}, data: Buffer.alloc(0) },
  { header: [1, null], data: Buffer.from(TOKEN) },
];

const bytesOf = ({ header, data }: Frame): Buffer => Buffer.concat([frameStart(header, [data]), data]);
const streamOf = (frames: readonly Frame[], noise = ""): Buffer =>
  Buffer.concat([Buffer.from(noise + TOKEN), ...frames.map(bytesOf)]);
const opened = (): FrameReader => {
  const reader = new FrameReader(TOKEN);
  assert.deepEqual(reader.push(Buffer.from(TOKEN)), []);
  return reader;
};
/** What a reader finds in chunks, as plain values: data of a found frame is a part of a chunk. */
function read(chunks: readonly Buffer[], reader = new FrameReader(TOKEN)): Frame[] {
  return chunks.flatMap((chunk) => reader.push(Buffer.from(chunk))).map(plain);
}
const plain = ({ header, data }: Frame): Frame => ({ header, data: Buffer.from(data) });
/** The bytes between cuts at the given places. */
function cut(all: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...[...places].sort((a, b) => a - b), all.length];
  return at.slice(1).map((end, i) => all.subarray(at[i], end));
}

test("frames are read whole wherever a stream is cut, also in the middle of a number, a character or the token", () => {
  const all = streamOf(SAMPLE, "a warning of a library: <adept\n<adept 0123456789a>\n");
  assert.deepEqual(read([all]), SAMPLE);
  for (let i = 0; i <= all.length; i++) assert.deepEqual(read(cut(all, [i])), SAMPLE, `cut at ${i}`);
  assert.deepEqual(read([...all].map((byte) => Buffer.of(byte))), SAMPLE, "byte by byte");
});

test("a frame is told as soon as its last byte is there, not earlier, and several in one chunk at once", () => {
  const reader = opened();
  const first = bytesOf(SAMPLE[0]!);
  assert.deepEqual(reader.push(first.subarray(0, -1)), []);
  assert.equal(reader.push(Buffer.concat([first.subarray(-1), ...SAMPLE.slice(1).map(bytesOf)])).length, SAMPLE.length);
});

test("any frames are read from any chunks", () => {
  const frame = fc.record({
    header: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
    data: fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes)),
  });
  const noise = fc.string({ maxLength: 40 }).filter((text) => !text.includes("<adept"));
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), noise, fc.array(fc.nat(), { maxLength: 12 }), (frames, text, at) => {
      const all = streamOf(frames, text);
      const expected = frames.map(({ header, data }): Frame => ({
        header: JSON.parse(JSON.stringify(header)) as unknown,
        data,
      }));
      assert.deepEqual(
        read(
          cut(
            all,
            at.map((each) => each % (all.length + 1)),
          ),
        ),
        expected,
      );
    }),
  );
});

test("what is printed before the token is dropped as it comes, however much it is; a token that is cut is still seen", () => {
  const reader = new FrameReader(TOKEN);
  const noise = Buffer.alloc(2 ** 22, "x");
  const before = process.memoryUsage().arrayBuffers;
  for (let time = 0; time < 64; time++) assert.deepEqual(reader.push(Buffer.from(noise)), []);
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 27, "the 256 MB of noise are not kept");
  const sent = { header: { call: "x" }, data: Buffer.from("data") };
  const stream = streamOf([sent], "x".repeat(90));
  assert.deepEqual(read([stream.subarray(0, 95), stream.subarray(95)], reader), [sent]);
});

test("text that a library prints between two frames is no frame", () => {
  assert.throws(() => opened().push(Buffer.concat([Buffer.from("warning: "), bytesOf(SAMPLE[0]!)])), RangeError);
  assert.throws(() => read([streamOf(SAMPLE), Buffer.from("something is printed")]), RangeError);
});

test("a wrong magic number, and lengths that no frame has, end the reading before anything is kept", () => {
  const change = (at: number, bytes: readonly number[]): Buffer => {
    const all = bytesOf(SAMPLE[0]!);
    all.set(bytes, at);
    return all.subarray(0, HEAD);
  };
  for (let at = 0; at < 4; at++) assert.throws(() => opened().push(change(at, [0])), RangeError, `magic byte ${at}`);
  assert.throws(() => opened().push(change(4, [1, 0, 0, 0x10])), RangeError, "a header of 2^28 + 1 bytes");
  assert.throws(() => opened().push(change(8, [1, 0, 0, 0, 0x40, 0, 0, 0])), RangeError, "data of 2^38 + 1 bytes");
  assert.throws(() => opened().push(change(8, [0, 0, 0, 0, 0, 0, 0, 0x80])), RangeError, "data of 2^63 bytes");
  // The longest that are believed are waited for.
  assert.deepEqual(opened().push(change(4, [0, 0, 0, 0x10])), []);
  assert.deepEqual(opened().push(change(8, [0, 0, 0, 0, 0x40, 0, 0, 0])), []);
});

test("a header that is no JSON ends the reading", () => {
  const broken = frameStart("{}", []);
  broken[HEAD] = "{".charCodeAt(0);
  assert.throws(() => opened().push(broken));
});

test("tensors lie behind one another at multiples of 8 bytes, whatever their sizes, and say where", () => {
  const tensors = {
    mask: { data: Uint8Array.of(1, 0, 1), dims: [3] },
    ids: { data: Int32Array.of(-1, 2, 3), dims: [1, 3] },
    none: { data: new Float32Array(0), dims: [0, 2] },
    // A view in the middle of its buffer: only its own values travel.
    part: { data: Float32Array.of(9, 1.5, -2, 9).subarray(1, 3), dims: [2] },
  };
  const { forms, pieces } = placed(tensors);
  assert.deepEqual(forms, [
    { name: "mask", type: "bool", dims: [3], at: 0 },
    { name: "ids", type: "int32", dims: [1, 3], at: 8 },
    { name: "none", type: "float32", dims: [0, 2], at: 24 },
    { name: "part", type: "float32", dims: [2], at: 24 },
  ]);
  const all = Buffer.concat(pieces);
  assert.equal(all.length, 32);
  assert.deepEqual([...all.subarray(0, 8)], [1, 0, 1, 0, 0, 0, 0, 0]);
  assert.deepEqual([all.readInt32LE(8), all.readInt32LE(16)], [-1, 3]);
  assert.deepEqual([all.readFloatLE(24), all.readFloatLE(28)], [1.5, -2]);
  const start = frameStart({ forms }, pieces);
  assert.equal(Number(start.readBigUInt64LE(8)), all.length);
  assert.equal(start.length, HEAD + start.readUInt32LE(4));
  assert.deepEqual(Object.values(tensors).map(typeOf), ["bool", "int32", "float32", "float32"]);
});
