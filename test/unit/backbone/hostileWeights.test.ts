import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { phrase } from "../../../src/base/phrase.ts";
import { readHeader } from "../../../src/backbone/files/safetensors.ts";
import { readConfigFile } from "../../../src/backbone/configFile.ts";
import { readT5Config } from "../../../src/backbone/t5/t5Config.ts";
import { readTensorPickle } from "../../../src/backbone/files/tensorPickle.ts";
import { loadTokenizer, type TextTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { readTorchFile } from "../../../src/backbone/files/torchFile.ts";
import { BackboneWeights } from "../../../src/backbone/files/weights.ts";
import { UserError } from "../../../src/base/errors.ts";
import { pickleOf, torchFile, zipOf } from "../adapter/torchWriter.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-hostile-"));
const at = (name: string): string => join(folder, name);
after(() => {
  rmSync(folder, { recursive: true });
});
const refuses = (action: () => unknown, words: RegExp): void => {
  assert.throws(action, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, words);
    return true;
  });
};
function safetensors(header: object, data: number): string {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(at("x.safetensors"), Buffer.concat([length, json, Buffer.alloc(data)]));
  return at("x.safetensors");
}
const F32 = (from: number, to: number): object => ({
  dtype: "F32",
  shape: [(to - from) / 4],
  data_offsets: [from, to],
});

test("tensors that share their bytes are refused by name: much memory of a small file", () => {
  assert.equal(
    readHeader(
      safetensors({ a: F32(0, 8), b: F32(8, 16), empty: { dtype: "F32", shape: [0], data_offsets: [4, 4] } }, 16),
    ).entries.size,
    3,
  );
  refuses(() => readHeader(safetensors({ a: F32(0, 8), b: F32(4, 12) }, 16)), /"a" and "b" overlap/);
  refuses(
    () => readHeader(safetensors({ a: { dtype: "constructor", shape: [], data_offsets: [0, 4] } }, 4)),
    /unsupported type constructor/,
  );
});

test("a header larger than any model's is refused before it is parsed", () => {
  const file = (size: number): string => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(size));
    writeFileSync(at("x.safetensors"), Buffer.concat([length, Buffer.from("{}".padEnd(size))]));
    return at("x.safetensors");
  };
  assert.equal(readHeader(file(16 * 2 ** 20)).entries.size, 0);
  refuses(() => readHeader(file(16 * 2 ** 20 + 8)), /its header would have 16777224 bytes/);
});

test("what is no plain file is refused, and a pipe is not waited for", { skip: process.platform === "win32" }, () => {
  refuses(() => readHeader(folder), /is a folder/);
  execFileSync("mkfifo", [at("pipe.safetensors")]);
  refuses(() => readHeader(at("pipe.safetensors")), /no plain file/);
});

test("an index names safetensors files of its folder, nothing above it", () => {
  const own = at("sharded");
  mkdirSync(own);
  for (const name of ["..", ".", "../x.safetensors", "C:x.safetensors", "/etc/passwd"]) {
    writeFileSync(join(own, "model.safetensors.index.json"), JSON.stringify({ weight_map: { a: name } }));
    refuses(() => BackboneWeights.open(own), /file names in the folder/);
  }
});

test("parts of a zip that share their bytes are not summed up again and again", () => {
  const zip = zipOf([["x/data.pkl", Buffer.alloc(1000)]]);
  const end = zip.length - 22;
  const directory = zip.readUInt32LE(end + 16);
  const entry = zip.subarray(directory, end);
  const count = 20;
  const entries = Array.from({ length: count }, (_, i) => {
    const made = Buffer.from(entry);
    made.write(String(i).padStart(2, "0"), made.length - 2);
    return made;
  });
  const tail = Buffer.from(zip.subarray(end));
  tail.writeUInt16LE(count, 8);
  tail.writeUInt16LE(count, 10);
  tail.writeUInt32LE(entry.length * count, 12);
  writeFileSync(at("a.bin"), Buffer.concat([zip.subarray(0, directory), ...entries, tail]));
  refuses(() => readTorchFile(at("a.bin")), /its parts overlap/);
});

test("a view that repeats few values without end is no tensor of an adapter", () => {
  writeFileSync(at("a.bin"), torchFile([{ name: "w", dims: [50_000_000], strides: [0], values: [1] }]));
  refuses(() => readTorchFile(at("a.bin")), /"w" has the shape \(50000000\)/);
});

test("a pickle of more elements than a call takes is read, one of long shapes is not", () => {
  const list = Buffer.concat([Buffer.from("]("), Buffer.alloc(400_000, "N"), Buffer.from("e")]);
  assert.throws(() => readTensorPickle(pickleOf([["w", list]])), /the entry "w", which is no tensor/);
  const numbers = Buffer.concat([
    Buffer.from("("),
    Buffer.concat(Array.from({ length: 1000 }, () => Buffer.from([0x4b, 1]))),
    Buffer.from("t"),
  ]);
  const storage = Buffer.from("(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000NK\x01tQ", "latin1");
  assert.throws(
    () =>
      readTensorPickle(
        pickleOf([
          [
            "w",
            Buffer.concat([
              Buffer.from("ctorch._utils\n_rebuild_tensor_v2\n("),
              storage,
              Buffer.from([0x4b, 0]),
              numbers,
              numbers,
              Buffer.from("tR"),
            ]),
          ],
        ]),
      ),
    /shape that is no short list/,
  );
});

const T5 = { model_type: "t5", vocab_size: 32, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 2, num_heads: 2 };
test("a config is of a T5 that there can be", () => {
  const config = (more: object): (() => unknown) => {
    writeFileSync(at("config.json"), JSON.stringify({ ...T5, ...more }));
    return () => readT5Config(readConfigFile(folder, phrase``), true);
  };
  assert.equal((config({})() as { layers: number }).layers, 2);
  refuses(config({ num_layers: 1_000_000 }), /num_layers/);
  refuses(config({ relative_attention_num_buckets: 1 }), /relative_attention_num_buckets/);
  refuses(
    config({ relative_attention_num_buckets: 64, relative_attention_max_distance: 8 }),
    /relative_attention_max_distance/,
  );
  refuses(config({ pad_token_id: 32 }), /inside the vocabulary/);
  writeFileSync(at("config.json"), `{"x":${"[".repeat(5000)}${"]".repeat(5000)}}`);
  refuses(() => readT5Config(readConfigFile(folder, phrase``), true), /inside each other/);
});

test("a tokenizer that would end the process is a user's error that says why", () => {
  const base = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null as object | null,
    decoder: null,
    model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] },
  };
  const tokenizer = (more: object): (() => unknown) => {
    writeFileSync(at("tokenizer.json"), JSON.stringify({ ...base, ...more }));
    return () => loadTokenizer(folder);
  };
  tokenizer({})();
  refuses(
    tokenizer({ pre_tokenizer: { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated", invert: false } }),
    /\(a\+\)\+\$" could take for ever to match/,
  );
  const template = {
    type: "TemplateProcessing",
    single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }],
    pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 0 } }],
    special_tokens: {},
  };
  refuses(tokenizer({ post_processor: template }), /puts in "<\/s>", which it does not describe/);
  refuses(
    tokenizer({
      post_processor: {
        type: "Sequence",
        processors: [{ ...template, special_tokens: { "</s>": { id: "</s>", ids: [1, 2], tokens: ["</s>"] } } }],
      },
    }),
    /not as many ids as texts/,
  );
});

test("a merge that makes no token of the vocabulary is refused by name: the native code would end the process", async () => {
  const base = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
  };
  const load = (model: object): TextTokenizer => {
    writeFileSync(at("tokenizer.json"), JSON.stringify({ ...base, model: { type: "BPE", ...model } }));
    return loadTokenizer(folder);
  };
  const vocab = { a: 0, b: 1, ab: 2, "##b": 3, é: 4, aé: 5 };
  const bad: [object, RegExp][] = [
    [{ vocab: { a: 0, b: 1 }, merges: [["a", "b"]] }, /its merge of "a" and "b" makes no token/],
    [{ vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b", "b a"] }, /its merge of "b" and "a"/],
    [{ vocab, merges: [["a", "b"]], continuing_subword_prefix: "##" }, /its merge of "a" and "b"/],
    [{ vocab, merges: [["a", "é"]], continuing_subword_prefix: "x" }, /its merge of "a" and "é"/],
    [
      { vocab: { ...vocab, b: 1, "": 6 }, merges: [["ab", ""]], continuing_subword_prefix: "##" },
      /its merge of "ab" and ""/,
    ],
  ];
  for (const [model, words] of bad) refuses(() => load(model), words);
  const good: [object, number[]][] = [
    [{ vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] }, [2]],
    [{ vocab: { a: 0, b: 1, ab: 70 }, merges: ["a b"] }, [70]],
    [{ vocab, merges: [["a", "##b"]], continuing_subword_prefix: "##" }, [2]],
  ];
  for (const [model, ids] of good) assert.deepEqual(await load(model).encodeIds("ab"), ids);
});
