import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { writeSafetensors, type Tensors } from "../../../src/backbone/files/safetensors.ts";
import { openBackbone, type Backbone } from "../../../src/backbone/openBackbone.ts";

const SIZES = {
  vocab_size: 7,
  hidden_size: 4,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 16,
};
const folder = mkdtempSync(join(tmpdir(), "adept-stored-"));
after(() => {
  rmSync(folder, { recursive: true });
});

const numbers = (dims: readonly number[], from: number): { dims: number[]; data: Float32Array } => ({
  dims: [...dims],
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
});
const TABLE = numbers([7, 4], 100);
const NORM = numbers([4], 200);

const HEAD = numbers([7, 4], 400);

/** The other tensors of a Llama with one layer, under a prefix. */
function layer(prefix: string): Tensors {
  const shapes: Record<string, number[]> = {
    "input_layernorm.weight": [4],
    "post_attention_layernorm.weight": [4],
    "mlp.gate_proj.weight": [6, 4],
    "mlp.up_proj.weight": [6, 4],
    "mlp.down_proj.weight": [4, 6],
  };
  for (const part of ["q", "k", "v", "o"]) shapes[`self_attn.${part}_proj.weight`] = [4, 4];
  const own = Object.entries(shapes).map(([name, dims]) => [`${prefix}layers.0.${name}`, numbers(dims, 0)] as const);
  return new Map([...own, [`${prefix}norm.weight`, NORM]]);
}

function opened(config: object, tensors: Record<string, ReturnType<typeof numbers>>, prefix = "model."): Backbone {
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "llama", ...SIZES, ...config }));
  writeSafetensors(join(folder, "model.safetensors"), new Map([...layer(prefix), ...Object.entries(tensors)]));
  return openBackbone(folder);
}
const table = ({ weights, layout }: Backbone): Float32Array => weights.read(layout.embedding, [7, 4]);
const norm = ({ weights }: Backbone, name: string): Float32Array => weights.read(name, [4]);

test("a tied head may be left out, stored beside an equal table, or stored alone", () => {
  const tie = { tie_word_embeddings: true };
  const forms: Record<string, ReturnType<typeof numbers>>[] = [
    { "model.embed_tokens.weight": TABLE },
    { "model.embed_tokens.weight": TABLE, "lm_head.weight": TABLE },
    { "lm_head.weight": TABLE },
  ];
  for (const form of forms) {
    const model = opened(tie, form);
    assert.equal(model.layout.head.tied, true);
    assert.deepEqual(table(model), TABLE.data);
  }
});

test("a head that differs is the model's own, whatever the config says; one that is missing is told", () => {
  const other = numbers([7, 4], 300);
  for (const tie_word_embeddings of [true, false]) {
    const model = opened({ tie_word_embeddings }, { "model.embed_tokens.weight": TABLE, "lm_head.weight": other });
    assert.equal(model.layout.head.tied, false);
    assert.deepEqual(model.weights.read("lm_head.weight", [7, 4]), other.data);
  }
  const headless = opened({ tie_word_embeddings: false }, { "model.embed_tokens.weight": TABLE });
  assert.throws(() => headless.weights.read("lm_head.weight", [7, 4]), /lack tensor "lm_head.weight"/);
});

test("tensors of an inner model that was saved alone have the names of the whole one", () => {
  const model = opened({ tie_word_embeddings: true }, { "embed_tokens.weight": TABLE }, "");
  assert.deepEqual(table(model), TABLE.data);
  assert.deepEqual(norm(model, "model.norm.weight"), NORM.data);
});

test("the text part of a Gemma 3 is found under each prefix that such files have", () => {
  const config = { model_type: "gemma3", text_config: { ...SIZES, num_key_value_heads: 2, head_dim: 2 } };
  for (const prefix of ["language_model.model.", "model.language_model."]) {
    const model = opened(config, { [`${prefix}embed_tokens.weight`]: TABLE }, prefix);
    assert.equal(model.layout.embedding, "model.language_model.embed_tokens.weight");
    assert.deepEqual(table(model), TABLE.data);
    assert.deepEqual(norm(model, "model.language_model.norm.weight"), NORM.data);
  }
});

test("the head of a GPT-NeoX has either of its two names", () => {
  for (const name of ["embed_out.weight", "lm_head.weight"]) {
    const tensors = { "gpt_neox.embed_in.weight": TABLE, [name]: HEAD };
    const model = opened({ model_type: "gpt_neox", rotary_pct: 1 }, tensors, "gpt_neox.");
    assert.deepEqual(model.weights.read("embed_out.weight", [7, 4]), HEAD.data);
  }
});
