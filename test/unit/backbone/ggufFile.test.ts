import assert from "node:assert/strict";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { readGguf } from "../../../src/backbone/gguf/ggufFile.ts";
import { ggufBytes, lengthAndText, scalar, writtenValue, type GgufContent, type WrittenTensor } from "./ggufBytes.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-gguf-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function written(bytes: Uint8Array, name = "model.gguf"): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
const read = (content: GgufContent) => readGguf(written(ggufBytes(content)));

/** The refusal of a file, which names it. */
function refusal(bytes: Uint8Array | string): UserError {
  const path = typeof bytes === "string" ? bytes : written(bytes);
  try {
    readGguf(path);
  } catch (error) {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.ok(error.message.includes(path) && error.action !== undefined, error.message);
    return error;
  }
  return assert.fail("it was accepted");
}
const codeOf = (content: GgufContent): string => refusal(ggufBytes(content)).code;

const A: WrittenTensor = { name: "a", type: "Q4_0", dims: [3, 64] };
const B: WrittenTensor = { name: "b", type: "F32", dims: [5], data: Float32Array.of(1, 2, 3, 4, 5) };
const C: WrittenTensor = { name: "c", type: "Q6_K", dims: [2, 1, 3, 256] };

test("metadata of every type are read as they were written", () => {
  const { metadata } = read({
    metadata: {
      "an.u8": { type: "u8", value: 255 },
      "an.i8": { type: "i8", value: -128 },
      "an.u16": { type: "u16", value: 65535 },
      "an.i16": { type: "i16", value: -32768 },
      "an.u32": { type: "u32", value: 2 ** 32 - 1 },
      "an.i32": { type: "i32", value: -(2 ** 31) },
      "an.u64": { type: "u64", value: 2 ** 53 - 1 },
      "an.i64": { type: "i64", value: -(2 ** 53) + 1 },
      "an.f32": { type: "f32", value: 1e-5 },
      "an.f64": { type: "f64", value: 1e-300 },
      yes: true,
      no: false,
      text: "é\0𝄞",
      "": "the empty key",
      texts: ["a", "", "Ġb"],
      none: [],
      levels: { type: "array", of: "i8", value: [-1, 5] },
      long: { type: "array", of: "i64", value: [-(2 ** 40), 2 ** 33 + 7] },
      floats: { type: "array", of: "f32", value: [0.5, -Infinity] },
      flags: { type: "array", of: "bool", value: [true, false] },
    },
  });
  const all = Object.fromEntries([...metadata.keys()].map((key) => [key, metadata.value(key)]));
  assert.deepEqual(all, {
    "an.u8": 255,
    "an.i8": -128,
    "an.u16": 65535,
    "an.i16": -32768,
    "an.u32": 2 ** 32 - 1,
    "an.i32": -(2 ** 31),
    "an.u64": 2 ** 53 - 1,
    "an.i64": -(2 ** 53) + 1,
    "an.f32": Math.fround(1e-5),
    "an.f64": 1e-300,
    yes: true,
    no: false,
    text: "é\0𝄞",
    "": "the empty key",
    texts: ["a", "", "Ġb"],
    none: [],
    levels: Float64Array.of(-1, 5),
    long: Float64Array.of(-(2 ** 40), 2 ** 33 + 7),
    floats: Float64Array.of(0.5, -Infinity),
    flags: Float64Array.of(1, 0),
  });
});

test("a value is asked for by its type; another type is refused by the key, a missing key is undefined", () => {
  const { metadata } = read({ metadata: { text: "a", number: 1, flag: true, texts: ["a"], numbers: [1, 2] } });
  assert.deepEqual(
    [
      metadata.text("text"),
      metadata.number("number"),
      metadata.flag("flag"),
      metadata.texts("texts"),
      metadata.numbers("numbers"),
    ],
    ["a", 1, true, ["a"], Float64Array.of(1, 2)],
  );
  for (const kind of ["text", "number", "flag", "texts", "numbers"] as const) {
    assert.equal(metadata[kind]("missing"), undefined);
    for (const other of ["text", "number", "flag", "texts", "numbers"].filter((each) => each !== kind))
      assert.throws(
        () => metadata[kind](other),
        (error) =>
          error instanceof UserError && error.code === "gguf-value-type" && error.message.includes(`"${other}"`),
      );
  }
  assert.ok(metadata.has("flag") && !metadata.has("flags"));
});

test("tensors lie where the file says, in both versions and with any alignment, their dims outermost first", () => {
  for (const version of [2, 3])
    for (const alignment of [undefined, 1, 8, 64, 4096]) {
      const bytes = ggufBytes({ tensors: [A, B, C], version, ...(alignment !== undefined && { alignment }) });
      const path = written(bytes);
      const { tensors, size, files } = readGguf(path);
      assert.deepEqual([size, files], [bytes.length, [path]]);
      assert.deepEqual(
        [...tensors.values()].map(({ name, type, dims, file, bytes: own }) => [name, type, dims, file, own]),
        [
          ["a", "Q4_0", [3, 64], path, 6 * 18],
          ["b", "F32", [5], path, 20],
          ["c", "Q6_K", [2, 1, 3, 256], path, 6 * 210],
        ],
      );
      const { offset } = tensors.get("b")!;
      assert.deepEqual(
        [1, 2, 3, 4, 5].map((_, i) => bytes.readFloatLE(offset + 4 * i)),
        [1, 2, 3, 4, 5],
      );
      for (const tensor of tensors.values()) assert.equal(tensor.offset % (alignment ?? 32), 0);
    }
});

test("a file without tensors is read, and one whose last tensor is not padded", () => {
  assert.equal(read({ metadata: { a: 1 } }).tensors.size, 0);
  const whole = ggufBytes({ tensors: [A, B] });
  assert.equal(readGguf(written(whole.subarray(0, whole.length - 12))).tensors.size, 2);
});

test("a file of another format, version or byte order is refused by its name", () => {
  const good = ggufBytes({ tensors: [A] });
  for (const bytes of ["", "GGU", "GGUF", "GGUF\x03\0\0", "GGML\x03\0\0\0 and more", "{}".padEnd(100)])
    assert.equal(refusal(Buffer.from(bytes)).code, "file-not-gguf", bytes);
  for (const version of [0, 1, 4, 99]) {
    good.writeUInt32LE(version, 4);
    assert.match(refusal(good).message, new RegExp(`version ${version};`));
    assert.equal(refusal(good).code, "gguf-version");
  }
  good.writeUInt32BE(3, 4);
  assert.equal(refusal(good).code, "gguf-big-endian");
  assert.throws(
    () => readGguf(join(folder, "missing.gguf")),
    (error) => error instanceof UserError && error.code === "file-not-readable",
  );
  assert.throws(
    () => readGguf(folder),
    (error) => error instanceof UserError && error.code === "file-not-readable",
  );
});

test("a file that is cut anywhere is refused as truncated", () => {
  const whole = ggufBytes({
    metadata: { text: "a", texts: ["b", "c"], numbers: [1, 2], number: 1 },
    tensors: [A, { ...B, dims: [8], data: new Float32Array(8) }],
  });
  for (let length = 8; length < whole.length; length++)
    assert.equal(refusal(whole.subarray(0, length)).code, "gguf-truncated", String(length));
});

test("a count that the file cannot hold is refused before memory is taken for it", () => {
  for (const count of [2 ** 32, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n]) {
    const code = count < 2n ** 53n ? "gguf-truncated" : "gguf-malformed";
    const head = ggufBytes({ keyCount: 1 });
    const text = Buffer.concat([head, lengthAndText("k"), scalar("u32", 8), scalar("u64", count), Buffer.alloc(50)]);
    const arrays = [0, 4, 8, 10].map((of) =>
      Buffer.concat([
        head,
        lengthAndText("k"),
        scalar("u32", 9),
        scalar("u32", of),
        scalar("u64", count),
        Buffer.alloc(50),
      ]),
    );
    const before = process.memoryUsage().rss;
    for (const bytes of [
      text,
      ...arrays,
      ggufBytes({ tensors: [A], tensorCount: count }),
      ggufBytes({ tensors: [A], keyCount: count }),
      ggufBytes({ tensors: [{ ...A, offset: BigInt(count) - (BigInt(count) % 32n) }] }),
    ])
      assert.equal(refusal(bytes).code, code);
    assert.ok(process.memoryUsage().rss - before < 50e6);
  }
});

test("more metadata than any model has are refused, however large the file is", () => {
  const path = written(ggufBytes({ keyCount: 1, metadata: [] }));
  const grown = (head: Buffer, size: number): string => {
    const fd = openSync(path, "w");
    writeSync(fd, head);
    closeSync(fd);
    truncateSync(path, size);
    return path;
  };
  const array = (of: number, count: number): Buffer =>
    Buffer.concat([
      ggufBytes({ keyCount: 1 }),
      lengthAndText("k"),
      scalar("u32", 9),
      scalar("u32", of),
      scalar("u64", count),
    ]);
  const before = process.memoryUsage().rss;
  for (const of of [0, 8, 12]) assert.equal(refusal(grown(array(of, 5e8), 5e9)).code, "gguf-too-large");
  const text = Buffer.concat([ggufBytes({ keyCount: 1 }), lengthAndText("k"), scalar("u32", 8), scalar("u64", 1e9)]);
  assert.equal(refusal(grown(text, 5e9)).code, "gguf-malformed");
  // Strings of 12 MB each, of which a dozen is too much.
  const fd = openSync(grown(array(8, 12), 5e9), "r+");
  for (let i = 0; i < 12; i++) writeSync(fd, scalar("u64", 12e6), 0, 8, array(8, 12).length + i * (8 + 12e6));
  closeSync(fd);
  assert.match(refusal(path).message, /its metadata have more than 134217728 bytes/);
  for (const counts of [{ keyCount: 1e8 }, { tensorCount: 1e8 }])
    assert.equal(refusal(grown(ggufBytes(counts), 5e9)).code, "gguf-too-large");
  assert.ok(process.memoryUsage().rss - before < 300e6);
});

test("a file that contradicts itself is refused", () => {
  const value = (bytes: Buffer): Buffer =>
    Buffer.concat([ggufBytes({ keyCount: 1 }), lengthAndText("k"), bytes, Buffer.alloc(64)]);
  assert.match(refusal(value(scalar("u32", 13))).message, /"k" has the unknown type 13/);
  assert.match(
    refusal(value(Buffer.concat([scalar("u32", 9), scalar("u32", 9), scalar("u64", 1)]))).message,
    /"k" is an array of arrays/,
  );
  assert.match(
    refusal(value(Buffer.concat([scalar("u32", 9), scalar("u32", 77), scalar("u64", 0)]))).message,
    /"k" has the unknown type 77/,
  );
  assert.match(refusal(value(Buffer.concat([scalar("u32", 7), Buffer.of(2)]))).message, /"k" has a boolean that/);
  for (const type of ["u64", "i64"] as const)
    for (const written of [
      { type, value: 2n ** 53n },
      { type: "array" as const, of: type, value: [1, 2n ** 53n] },
    ])
      assert.match(refusal(value(writtenValue(written))).message, /"k" has an integer beyond/);
  for (const [content, message] of [
    [
      {
        metadata: [
          ["k", 1],
          ["k", 2],
        ],
      },
      /the key "k" is there twice/,
    ],
    [{ tensors: [A, A] }, /the tensor "a" is there twice/],
    [{ tensors: [{ ...A, dims: [] }] }, /"a" has 0 dimensions/],
    [{ tensors: [{ ...A, dims: [1, 1, 1, 1, 32] }] }, /"a" has 5 dimensions/],
    [{ tensors: [{ ...A, dims: [64, 33], data: Buffer.alloc(4000) }] }, /"a" of type Q4_0 has shape \(64, 33\)/],
    [{ tensors: [{ ...B, dims: [3, 0] }] }, /"b" of type F32 has shape \(3, 0\)/],
    [{ tensors: [{ ...B, dims: [2 ** 30, 2 ** 30] }] }, /"b" of type F32 has shape/],
    [{ tensors: [A, { ...B, offset: 0 }] }, /the tensors "a" and "b" overlap/],
    [{ tensors: [A, B, { ...C, offset: 128 }] }, /the tensors "b" and "c" overlap/],
    [{ tensors: [A, { ...B, offset: 132 }] }, /"b" begins at byte 132, not at a multiple of 32/],
    [{ alignment: 0 }, /general.alignment is 0,/],
    [{ alignment: 48 }, /general.alignment is 48,/],
    [{ metadata: { "general.alignment": 0.5 } }, /general.alignment is 0.5,/],
    [{ metadata: { "split.count": NaN } }, /part 0 of NaN/],
    [{ metadata: { "split.count": -2 } }, /part 0 of -2/],
    [{ metadata: { "split.count": 2, "split.no": 2 } }, /part 2 of 2/],
    [{ metadata: { "split.count": 2, "split.no": -1 } }, /part -1 of 2/],
  ] as [GgufContent, RegExp][]) {
    const error = refusal(ggufBytes(content));
    assert.deepEqual([error.code, message.test(error.message)], ["gguf-malformed", true], error.message);
  }
  assert.equal(codeOf({ metadata: { "general.alignment": "32" } }), "gguf-value-type");
  assert.equal(codeOf({ tensors: [{ ...B, dims: [9] }] }), "gguf-truncated");
  assert.equal(codeOf({ tensors: [A, { ...B, offset: 2 ** 40 }] }), "gguf-truncated");
});

test("types that are not read are named in one refusal, each with its number of tensors", () => {
  const types = [10, 39, 10, 2, 22, 5, 28].map((type, i) => ({ name: String(i), type, dims: [256] }));
  const { code, message, action } = refusal(ggufBytes({ tensors: types }));
  assert.equal(code, "gguf-type-not-read");
  assert.match(message, /: Q2_K \(2\), MXFP4 \(1\), IQ2_S \(1\), type 5 \(1\), F64 \(1\)$/);
  assert.match(action ?? "", /Q4_K_M, Q8_0 or F16/);
});

test("bytes that are no UTF-8 survive as U+FFFD, and a name may be that of a prototype", () => {
  const text = Buffer.concat([scalar("u32", 8), lengthAndText(Buffer.of(0x61, 0xff, 0x62))]);
  const bytes = Buffer.concat([ggufBytes({ keyCount: 1 }), lengthAndText("__proto__"), text]);
  assert.equal(readGguf(written(bytes)).metadata.text("__proto__"), "a\ufffdb");
  assert.ok(read({ tensors: [{ ...B, name: "__proto__" }] }).tensors.has("__proto__"));
});

test("values that lie across the window's end are read whole", () => {
  for (const length of [2 ** 20 - 70, 2 ** 20 - 61, 2 ** 20 - 52, 2 ** 20 - 40, 2 ** 20 + 5, 3 * 2 ** 20]) {
    const texts = Array.from({ length: 100 }, (_, i) => `${i}`.repeat(i % 7));
    const { metadata, tensors } = read({ metadata: { long: "x".repeat(length), texts, last: 7 }, tensors: [B] });
    assert.equal(metadata.text("long"), "x".repeat(length));
    assert.deepEqual([metadata.texts("texts"), metadata.number("last"), tensors.size], [texts, 7, 1]);
  }
});

/** Writes parts of a model with the names of llama.cpp. @returns the paths */
function parts(contents: readonly GgufContent[], name = "model"): string[] {
  const number = (value: number): string => String(value).padStart(5, "0");
  return contents.map((content, i) =>
    written(ggufBytes(content), `${name}-${number(i + 1)}-of-${number(contents.length)}.gguf`),
  );
}
const split = (no: number, count: number, more: object = {}): GgufContent["metadata"] => ({
  ...more,
  "split.no": { type: "u16", value: no },
  "split.count": { type: "u16", value: count },
  "split.tensors.count": { type: "i32", value: 3 },
});

test("the parts of a model are read together, given the first; each tensor tells its file", () => {
  const contents = [
    { metadata: split(0, 3, { "general.name": "m" }) },
    { metadata: split(1, 3), tensors: [C, B] },
    { metadata: split(2, 3), tensors: [A], alignment: 64 },
  ];
  const paths = parts(contents);
  const { metadata, tensors, files, size, path } = readGguf(paths[0]!);
  assert.deepEqual([metadata.text("general.name"), files, path], ["m", paths, paths[0]]);
  assert.equal(
    size,
    contents.reduce((sum, each) => sum + ggufBytes(each).length, 0),
  );
  assert.deepEqual(
    [...tensors.values()].map(({ name, file, offset }) => [name, file, offset]),
    [
      ["c", paths[1], readGguf(written(ggufBytes({ ...contents[1], metadata: split(0, 1) }))).tensors.get("c")!.offset],
      ["b", paths[1], readGguf(written(ggufBytes({ ...contents[1], metadata: split(0, 1) }))).tensors.get("b")!.offset],
      ["a", paths[2], readGguf(written(ggufBytes({ ...contents[2], metadata: split(0, 1) }))).tensors.get("a")!.offset],
    ],
  );
  const later = refusal(paths[2]!);
  assert.equal(later.code, "gguf-part-not-first");
  assert.ok(later.message.includes("part 3 of 3") && later.action!.includes(paths[0]!));
  rmSync(paths[1]!);
  const missing = refusal(paths[0]!);
  assert.equal(missing.code, "gguf-part-missing");
  assert.ok(missing.message.includes(`${paths[1]!} is missing`));
});

test("parts that do not belong together are refused", () => {
  const first = { metadata: split(0, 2), tensors: [A] };
  const code = (second: GgufContent, own: GgufContent = first): string => refusalOf(parts([own, second], "odd")[0]!);
  const refusalOf = (path: string): string => {
    try {
      readGguf(path);
    } catch (error) {
      return (error as UserError).code;
    }
    return "none";
  };
  const second = { metadata: split(1, 2), tensors: [B, C] };
  assert.equal(code(second), "none");
  assert.equal(code({ ...second, metadata: split(0, 2) }), "gguf-part-other-model");
  assert.equal(code({ ...second, metadata: split(1, 3) }), "gguf-part-other-model");
  assert.equal(code({ ...second, metadata: {} }), "gguf-part-other-model");
  assert.equal(code({ ...second, tensors: [B] }), "gguf-part-other-model");
  assert.equal(code({ ...second, tensors: [A, C] }), "gguf-malformed");
  assert.equal(code({ ...second, tensors: [B, { name: "q", type: 11, dims: [256] }] }), "gguf-type-not-read");
  const [path] = parts([first, second], "cut");
  const last = join(folder, "cut-00002-of-00002.gguf");
  const bytes = ggufBytes(second);
  writeFileSync(last, bytes.subarray(0, bytes.length - 100));
  assert.throws(
    () => readGguf(path!),
    (error) => error instanceof UserError && error.code === "gguf-truncated" && error.message.includes(last),
  );
  rmSync(last);
  mkdirSync(last);
  assert.equal(refusalOf(path!), "file-not-readable");
  const renamed = refusal(written(ggufBytes(first), "renamed.gguf"));
  assert.equal(renamed.code, "gguf-part-name");
  assert.ok(renamed.action!.includes("NAME-00001-of-00002.gguf"));
  const many = { metadata: { ...split(0, 2), "split.count": 60_000 } };
  assert.equal(refusal(written(ggufBytes(many), basename(path!))).code, "gguf-too-large");
});
