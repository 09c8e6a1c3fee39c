import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { checkModelFolder } from "../../../src/backbone/checkFolder.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { readSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { BackboneWeights } from "../../../src/backbone/files/weights.ts";
import { UserError } from "../../../src/base/errors.ts";
import { describedBy, earlyTorchFile, global, pickleOf, torchFile, zipOf, type Saved } from "../adapter/torchWriter.ts";

const place = mkdtempSync(join(tmpdir(), "adept-bin-"));
const cache = join(place, "cache");
process.env["ADEPT_CACHE"] = cache;
after(() => {
  rmSync(place, { recursive: true, force: true });
});

const WRITERS = { zip: (tensors: readonly Saved[]) => torchFile(tensors), early: earlyTorchFile };
let folders = 0;
/** A folder with these files. */
function folderOf(files: Record<string, Uint8Array | string>): string {
  const folder = join(place, String(folders++));
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}
const made = (): string[] => readdirSync(join(cache, "weights")).filter((name) => name.endsWith("-torch.safetensors"));
const refuses = (action: () => unknown, ...words: RegExp[]): void => {
  assert.throws(action, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    for (const word of words) assert.match(error.message, word);
    return true;
  });
};
const halves = (...bits: number[]): Buffer => Buffer.from(Uint16Array.from(bits).buffer);

const ODD: Saved[] = [
  { name: "w", dims: [2, 3], values: [1, 2, 3, 4, 5, 6, 7, 8] },
  { name: "transposed", dims: [3, 2], strides: [1, 3], values: [1, 2, 3, 4, 5, 6, 7, 8], shares: 0 },
  { name: "tail", dims: [2], offset: 6, values: [1, 2, 3, 4, 5, 6, 7, 8], shares: 0, parameter: true },
  { name: "column", dims: [2, 1], strides: [3, 7], offset: 1, values: [1, 2, 3, 4, 5, 6, 7, 8], shares: 0 },
  { name: "tied", dims: [2, 3], values: [1, 2, 3, 4, 5, 6, 7, 8], shares: 0 },
  { name: "h", dims: [2], values: [0, 0], type: "Half", bytes: halves(0x3c00, 0xc500) },
  { name: "h turned", dims: [2], strides: [0], values: [0, 0], type: "Half", shares: 5 },
  { name: "b", dims: [2], values: [0, 0], type: "BFloat16", bytes: halves(0x3f80, 0xc0a0) },
  { name: "mask", dims: [1, 3], values: [1, 0, 1], type: "Byte", bytes: Buffer.from([1, 0, 1]) },
  { name: "count", dims: [], values: [7], type: "Long", bytes: Buffer.from(BigInt64Array.of(7n).buffer) },
  { name: "s", dims: [], values: [3] },
];
const VALUES: Record<string, [dims: number[], values: number[]]> = {
  w: [
    [2, 3],
    [1, 2, 3, 4, 5, 6],
  ],
  transposed: [
    [3, 2],
    [1, 4, 2, 5, 3, 6],
  ],
  tail: [[2], [7, 8]],
  column: [
    [2, 1],
    [2, 5],
  ],
  tied: [
    [2, 3],
    [1, 2, 3, 4, 5, 6],
  ],
  h: [[2], [1, -5]],
  "h turned": [[2], [1, 1]],
  b: [[2], [1, -5]],
  s: [[], [3]],
};

for (const [form, write] of Object.entries(WRITERS))
  test(`${form}: views, shared storages and narrow types are read from the cache, each in its own type`, () => {
    const weights = BackboneWeights.open(folderOf({ "pytorch_model.bin": write(ODD) }));
    for (const [name, [dims, values]] of Object.entries(VALUES)) {
      assert.deepEqual([...weights.read(name, dims)], values, name);
      assert.equal(weights.locate(name, dims).file.startsWith(join(cache, "weights")), true);
    }
    assert.deepEqual(
      ["w", "h", "b"].map((name) => weights.locate(name, VALUES[name]![0]).type),
      ["float32", "float16", "bfloat16"],
    );
    assert.deepEqual(weights.locate("tied", [2, 3]), weights.locate("w", [2, 3]), "tied tensors are stored once");
    assert.ok(weights.isEqual("w", "tied") && !weights.isEqual("w", "transposed"));
    refuses(() => weights.check("count", []), /pytorch_model\.bin: tensor "count" is I64/);
    refuses(() => weights.check("w", [3, 2]), /pytorch_model\.bin: tensor "w" has shape \(2, 3\)/);
  });

test("the file of the cache is made once for a content, when values are asked for, and anew where it was changed", () => {
  const before = made();
  const folder = folderOf({ "pytorch_model.bin": torchFile([{ name: "w", dims: [3], values: [1, 2, 4] }]) });
  const read = (from = folder): number[] => [...BackboneWeights.open(from).read("w", [3])];
  BackboneWeights.open(folder).check("w", [3]);
  assert.deepEqual(made(), before, "a check converts nothing");
  assert.deepEqual(read(), [1, 2, 4]);
  const [name, ...more] = made().filter((each) => !before.includes(each));
  assert.equal(more.length, 0);
  const path = join(cache, "weights", name!);
  const old = new Date(2001, 1, 1);
  utimesSync(path, old, old);
  assert.deepEqual(read(folderOf({ "pytorch_model.bin": readFileSync(join(folder, "pytorch_model.bin")) })), [1, 2, 4]);
  assert.equal(statSync(path).mtimeMs, old.getTime(), "the same content elsewhere is not written again");
  const whole = readFileSync(path);
  for (const damage of [whole.length - 2, 12]) {
    const bytes = Buffer.from(whole);
    bytes[damage]! ^= 1;
    writeFileSync(path, bytes);
    assert.deepEqual(read(), [1, 2, 4]);
    assert.ok(readFileSync(path).equals(whole));
  }
  assert.deepEqual(
    readdirSync(join(cache, "weights")).filter((each) => each.includes(".tmp")),
    [],
  );
});

test("shards are read as their index says; safetensors go before", () => {
  const [a, b] = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"];
  const index = (map: object): string => JSON.stringify({ metadata: { total_size: 20 }, weight_map: map });
  const files = {
    [a]: torchFile([{ name: "w", dims: [2], values: [1, 2] }]),
    [b]: earlyTorchFile([{ name: "v", dims: [3], values: [3, 4, 5] }]),
  };
  const weights = BackboneWeights.open(folderOf({ ...files, "pytorch_model.bin.index.json": index({ w: a, v: b }) }));
  assert.deepEqual([...weights.read("w", [2]), ...weights.read("v", [3])], [1, 2, 3, 4, 5]);
  refuses(
    () => BackboneWeights.open(folderOf({ ...files, "pytorch_model.bin.index.json": index({ w: b, v: b }) })),
    /00002-of-00002\.bin lacks tensor "w"/,
  );
  for (const name of ["../x.bin", "/x.bin", "x.safetensors"])
    refuses(
      () => BackboneWeights.open(folderOf({ "pytorch_model.bin.index.json": index({ w: name }) })),
      /file names in the folder/,
    );
  const both = folderOf({ "pytorch_model.bin": "not read" });
  cpSync(join(backboneFolder("tiny-t5"), "model.safetensors"), join(both, "model.safetensors"));
  assert.ok(BackboneWeights.open(both).has("shared.weight"));
  refuses(() => BackboneWeights.open(folderOf({})), /has no model\.safetensors and no pytorch_model\.bin/);
});

test("tensors called as what every object, or every header, has are kept", () => {
  const names = ["__proto__", "constructor", "__metadata__", "toString", "0", "", "w"];
  const tensors = names.map((name, i): Saved => ({ name, dims: [1], values: [i] }));
  for (const write of Object.values(WRITERS)) {
    const weights = BackboneWeights.open(folderOf({ "pytorch_model.bin": write(tensors) }));
    for (const [i, name] of names.entries()) assert.deepEqual([...weights.read(name, [1])], [i], name);
  }
});

test("a zip in the form of more than 4 GB is read, and a damaged one refused", () => {
  const values = Float32Array.of(1, 2);
  const pickle = describedBy([{ name: "w", dims: [2], values: [...values] }]);
  const whole = zipOf(
    [
      ["x/data.pkl", pickle],
      ["x/data/0", Buffer.from(values.buffer)],
    ],
    true,
  );
  const read = (bytes: Uint8Array) => [
    ...BackboneWeights.open(folderOf({ "pytorch_model.bin": bytes })).read("w", [2]),
  ];
  assert.deepEqual(read(whole), [1, 2]);
  const directory = whole.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  for (let at = directory; at < whole.length; at++)
    for (const value of [0, 0xff]) {
      const bytes = Buffer.from(whole);
      bytes[at] = value;
      try {
        read(bytes);
      } catch (error) {
        assert.ok(error instanceof UserError, `${at} ${value}: ${(error as Error).stack}`);
      }
    }
});

test("a damaged or hostile file is the user's error that names it", () => {
  const one: Saved = { name: "w", dims: [2, 3], values: [1, 2, 3, 4, 5, 6] };
  const read = (bytes: Uint8Array) => () =>
    BackboneWeights.open(folderOf({ "pytorch_model.bin": bytes })).read("w", [2, 3]);
  const call = Buffer.concat([global("os system"), Buffer.from("(X\x01\0\0\0xtR", "latin1")]);
  refuses(read(torchFile([], pickleOf([["w", call]]))), /pytorch_model\.bin asks for the name os\.system/);
  for (const [form, write] of Object.entries(WRITERS)) {
    const whole = write([one]);
    for (const length of [0, 14, 15, 20, 100, whole.length - 30, whole.length - 1])
      refuses(read(whole.subarray(0, length)), /pytorch_model\.bin/);
    for (const wrong of [
      { ...one, dims: [4, 3] },
      { ...one, strides: [3, -1] },
      { ...one, elements: 7 },
      { ...one, dims: [60_000_000, 3], strides: [0, 1] },
      { ...one, dims: [2 ** 30, 2 ** 30, 2 ** 30], strides: [0, 0, 0] },
      { ...one, dims: [0, 2 ** 62, 511], strides: [0, 0, 0] },
      { ...one, type: "Complex" },
    ])
      refuses(read(write([wrong])), /pytorch_model\.bin/);
    // Any other byte: a user's error, or values.
    for (let at = 0; at < Math.min(whole.length, 600); at += 3)
      for (const value of [0, 0x52, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        try {
          read(bytes)();
        } catch (error) {
          assert.ok(error instanceof UserError, `${form} ${at} ${value}: ${(error as Error).stack}`);
        }
      }
  }
  const damaged = torchFile([one]);
  damaged[damaged.indexOf(Buffer.from(Float32Array.of(1, 2).buffer))]! ^= 1;
  refuses(read(damaged), /pytorch_model\.bin: its part "x\/data\/0" is damaged/);
  refuses(read(earlyTorchFile([one], { littleEndian: false })), /big-endian/);
});

test("a whole model of a .bin gives the same tensors as its safetensors, whatever a tied table is called", () => {
  const embedded = backboneFolder("tiny-t5");
  const tensors = readSafetensors(join(embedded, "model.safetensors"));
  const saved = [...tensors].map(([name, { dims, data }]): Saved => ({ name, dims, values: [...data] }));
  const { layout, weights } = openBackbone(embedded);
  const files = Object.fromEntries(
    ["config.json", "tokenizer.json"].map((name) => [name, readFileSync(join(embedded, name))]),
  );
  const table = tensors.get("shared.weight")!;
  for (const name of ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"]) {
    const renamed = saved.map((each) => (each.name === "shared.weight" ? { ...each, name } : each));
    const folder = folderOf({ ...files, "pytorch_model.bin": torchFile(renamed) });
    checkModelFolder(folder);
    const found = openBackbone(folder);
    assert.deepEqual(found.config, openBackbone(embedded).config);
    for (const each of layout.weights)
      assert.deepEqual(found.weights.read(each.name, each.dims), weights.read(each.name, each.dims), each.name);
  }
  const tied = saved.findIndex(({ name }) => name === "shared.weight");
  const all = ["lm_head.weight", "encoder.embed_tokens.weight"].map((name): Saved => ({
    name,
    dims: table.dims,
    values: saved[tied]!.values,
    shares: tied,
  }));
  const config = { ...(JSON.parse(String(files["config.json"])) as object), tie_word_embeddings: true };
  const folder = folderOf({
    "config.json": JSON.stringify(config),
    "pytorch_model.bin": torchFile([...saved.filter(({ name }) => name !== "lm_head.weight"), ...all]),
  });
  const found = openBackbone(folder);
  assert.equal(found.layout.head.tied, true, "a head that is the table has no tensor of its own");
  assert.equal(
    found.weights.bytes,
    4 * saved.reduce((sum, { name, values }) => sum + (name === "lm_head.weight" ? 0 : values.length), 0),
  );
});
