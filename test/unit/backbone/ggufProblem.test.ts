import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ggufProblem } from "../../../src/backbone/ggufProblem.ts";
import { english } from "../../../src/base/phrase.ts";
import { ggufBytes, type Written } from "./ggufBytes.ts";
import { tinyGgufParts } from "./ggufLlama.ts";
import { tinyGguf } from "./tinyGguf.ts";

// Why a GGUF file of another program is shown with a reason instead of being offered.

const scratch = mkdtempSync(join(tmpdir(), "adept-gguf-problem-"));
process.env["ADEPT_CACHE"] = join(scratch, "cache");
after(() => {
  rmSync(scratch, { recursive: true });
});

function written(name: string, bytes: Buffer | string): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}
function problem(name: string, bytes: Buffer | string): string | undefined {
  const found = ggufProblem(written(name, bytes));
  return found && english(found);
}
/** A file with metadata and tensors of some types, whatever model that is. */
const other = (metadata: Readonly<Record<string, Written>>, types: readonly number[] = [0]): Buffer =>
  ggufBytes({
    metadata,
    tensors: types.map((type, i) => ({ name: `t${i}`, type, dims: [1, 256], data: Buffer.alloc(2048) })),
  });

test("a file that can be used has no problem, of several parts too", () => {
  assert.equal(problem("whole.gguf", tinyGguf()), undefined);
  const [first, second] = tinyGgufParts();
  written("set-00002-of-00002.gguf", second);
  assert.equal(problem("set-00001-of-00002.gguf", first), undefined);
});

test("each kind of file that cannot be used has its reason in a few words", () => {
  const whole = tinyGguf();
  const reasons: [name: string, bytes: Buffer | string, RegExp][] = [
    ["mamba", tinyGguf("mamba"), /^architecture "mamba" is not supported$/],
    ["iq4", other({ "general.architecture": "llama" }, [23, 23, 0]), /^weights of the type IQ4_XS, which is not read$/],
    [
      "two",
      other({ "general.architecture": "llama" }, [22, 39]),
      /^weights of the type IQ2_S, MXFP4, which is not read$/,
    ],
    ["clip", other({ "general.architecture": "clip" }), /^a projector for images or sound/],
    ["mm", other({ "general.architecture": "llama", "general.type": "mmproj" }), /^a projector for images or sound/],
    ["lora", other({ "general.architecture": "llama", "general.type": "adapter" }), /^an adapter, no model$/],
    ["cut", whole.subarray(0, 500), /^damaged or incomplete$/],
    ["short", whole.subarray(0, whole.length - 1000), /^damaged or incomplete$/],
    ["text", "not a model at all", /^no GGUF file$/],
    ["empty", "", /^no GGUF file$/],
    ["tokens", tinyGguf("llama", { "tokenizer.ggml.model": "rwkv" }), /^its tokenizer is not supported$/],
    ["pre", tinyGguf("llama", { "tokenizer.ggml.pre": "my-own" }), /^its tokenizer is not supported$/],
    ["experts", tinyGguf("llama", { "llama.expert_count": 8 }), /^a kind of "llama" that is not supported$/],
    ["layers", tinyGguf("llama", { "llama.block_count": 3 }), /^a tensor or a key of "llama" is missing$/],
    ["set-00002-of-00003", tinyGgufParts()[1], /^not the first|^a part of several/],
    ["half-00001-of-00002", tinyGgufParts()[0], /^a part of several that does not fit or is missing$/],
  ];
  for (const [name, bytes, reason] of reasons) {
    const found = problem(`${name}.gguf`, bytes);
    assert.match(found ?? "", reason, name);
    assert.ok(found!.length < 70 && !found!.includes(scratch), `${name}: ${found}`);
  }
});

test("a model without a tokenizer is told", () => {
  const tokens: Record<string, Written> = { "general.architecture": "llama" };
  for (const [key, value] of Object.entries({
    block_count: 1,
    context_length: 256,
    embedding_length: 256,
    feed_forward_length: 256,
    "attention.head_count": 4,
    "attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-5 } as const,
  }))
    tokens[`llama.${key}`] = value;
  assert.match(problem("bare.gguf", other(tokens)) ?? "", /^without a tokenizer$/);
});

test("a cache that cannot be written is no fault of the model", () => {
  const { ADEPT_CACHE } = process.env;
  try {
    process.env["ADEPT_CACHE"] = written("file", "");
    assert.equal(problem("whole.gguf", tinyGguf()), undefined);
  } finally {
    process.env["ADEPT_CACHE"] = ADEPT_CACHE;
  }
});
