import assert from "node:assert/strict";
import { test } from "node:test";
import { ggufTensors } from "../../../src/backbone/gguf/ggufTensors.ts";
import { ggufConfig } from "../../../src/backbone/gguf/ggufConfig.ts";
import { changedDims, changedValues, rowOrder, type TensorChange } from "../../../src/backbone/gguf/tensorChange.ts";
import { UserError } from "../../../src/base/errors.ts";
import { ggufOf, SIZES, type Tensors, type Values } from "./ggufMaker.ts";

/** The names of a folder's tensors, with their changes. */
function named(architecture: string, tensors: Tensors, values: Values = {}): Record<string, TensorChange> {
  const sizes = { ...SIZES, "attention.layer_norm_epsilon": 1e-5, "attention.key_length": 8, ...values };
  const file = ggufOf(architecture, sizes, tensors);
  const found = ggufTensors(file, ggufConfig(file));
  for (const [name, { tensor }] of found) assert.equal(tensor, file.tensors.get(tensor.name), name);
  return Object.fromEntries([...found].map(([name, { change }]) => [name, change]));
}

function refusal(architecture: string, tensors: Tensors): [code: string, text: string] {
  try {
    named(architecture, tensors);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return [error.code, error.message];
  }
  throw new Error("they were read");
}

const AS_IS = { kind: "as-is" };
const MINUS_ONE = { kind: "minus-one" };

test("a Llama: queries and keys are unpermuted by their own heads, weights and biases; factors are left out", () => {
  const found = named("llama", {
    "rope_freqs.weight": { values: [1, 1, 1, 1] },
    "blk.3.attn_q.weight": [32, 32],
    "blk.3.attn_q.bias": [32],
    "blk.3.attn_k.weight": [16, 32],
    "blk.3.attn_v.weight": [16, 32],
    "blk.3.attn_rot_embd.weight": [4],
    "blk.0.attn_norm.weight": [32],
    "blk.0.ffn_norm.weight": [32],
    "output_norm.weight": [32],
  });
  assert.deepEqual(found, {
    "model.embed_tokens.weight": AS_IS,
    "model.layers.3.self_attn.q_proj.weight": { kind: "unpermute", heads: 4 },
    "model.layers.3.self_attn.q_proj.bias": { kind: "unpermute", heads: 4 },
    "model.layers.3.self_attn.k_proj.weight": { kind: "unpermute", heads: 2 },
    "model.layers.3.self_attn.v_proj.weight": AS_IS,
    "model.layers.0.input_layernorm.weight": AS_IS,
    "model.layers.0.post_attention_layernorm.weight": AS_IS,
    "model.norm.weight": AS_IS,
  });
  const smollm3 = named("smollm3", { "blk.0.attn_k.weight": [16, 32] });
  assert.deepEqual(smollm3["model.layers.0.self_attn.k_proj.weight"], { kind: "unpermute", heads: 2 });
});

test("Qwen and OLMo keep their rows; OLMo has norms after its sublayers", () => {
  const tensors = { "blk.0.attn_q.weight": [32, 32], "blk.0.attn_q_norm.weight": [8] };
  assert.deepEqual(named("qwen3", tensors), {
    "model.embed_tokens.weight": AS_IS,
    "model.layers.0.self_attn.q_proj.weight": AS_IS,
    "model.layers.0.self_attn.q_norm.weight": AS_IS,
  });
  const norms = { "blk.0.post_attention_norm.weight": [32], "blk.0.post_ffw_norm.weight": [32] };
  assert.deepEqual(Object.keys(named("olmo2", norms)).slice(1), [
    "model.layers.0.post_attention_layernorm.weight",
    "model.layers.0.post_feedforward_layernorm.weight",
  ]);
  assert.equal(refusal("olmo2", { "blk.0.attn_norm.weight": [32] })[0], "gguf-tensors-unknown");
});

test("Gemma: every norm is less 1, nothing else", () => {
  const found = named("gemma3", {
    "output_norm.weight": [32],
    "blk.0.ffn_norm.weight": [32],
    "blk.0.post_attention_norm.weight": [32],
    "blk.0.attn_q_norm.weight": [8],
    "blk.0.attn_q.weight": [32, 32],
  });
  assert.deepEqual(found, {
    "model.embed_tokens.weight": AS_IS,
    "model.norm.weight": MINUS_ONE,
    "model.layers.0.pre_feedforward_layernorm.weight": MINUS_ONE,
    "model.layers.0.post_attention_layernorm.weight": MINUS_ONE,
    "model.layers.0.self_attn.q_norm.weight": MINUS_ONE,
    "model.layers.0.self_attn.q_proj.weight": AS_IS,
  });
  assert.deepEqual(named("gemma2", { "output_norm.weight": [32] })["model.norm.weight"], MINUS_ONE);
});

test("Phi-3 keeps its fused layers, and its factors are left out", () => {
  const factors = { "rope_factors_short.weight": { values: [1, 2, 3, 4] } };
  const found = named("phi3", {
    ...factors,
    "rope_factors_long.weight": { values: [1, 2, 3, 4] },
    "blk.0.attn_qkv.weight": [64, 32],
    "blk.0.ffn_up.weight": [96, 32],
  });
  assert.deepEqual(found, {
    "model.embed_tokens.weight": AS_IS,
    "model.layers.0.self_attn.qkv_proj.weight": AS_IS,
    "model.layers.0.mlp.gate_up_proj.weight": AS_IS,
  });
});

test("GPT-2's layers are transposed, not their biases or tables; GPT-NeoX's fused layer has its heads together", () => {
  const gpt2 = named("gpt2", {
    "position_embd.weight": [64, 32],
    "blk.0.ffn_up.weight": [48, 32],
    "blk.0.ffn_up.bias": [48],
    "blk.0.attn_output.weight": [32, 32],
    "blk.0.attn_norm.bias": [32],
  });
  const transpose = { kind: "transpose" };
  assert.deepEqual(gpt2, {
    "transformer.wte.weight": AS_IS,
    "transformer.wpe.weight": AS_IS,
    "transformer.h.0.mlp.c_fc.weight": transpose,
    "transformer.h.0.mlp.c_fc.bias": AS_IS,
    "transformer.h.0.attn.c_proj.weight": transpose,
    "transformer.h.0.ln_1.bias": AS_IS,
  });
  const tensors = { "blk.0.attn_qkv.weight": [96, 32], "blk.0.attn_qkv.bias": [96], "output.weight": [100, 32] };
  const neox = ggufOf("gptneox", { ...SIZES, "attention.layer_norm_epsilon": 1e-5 }, tensors);
  const found = ggufTensors(neox, { num_hidden_layers: 4, num_attention_heads: 4 });
  const fused = { kind: "interleave", heads: 4 };
  assert.deepEqual(
    [...found].map(([name, { change }]) => [name, change]),
    [
      ["gpt_neox.embed_in.weight", AS_IS],
      ["gpt_neox.layers.0.attention.query_key_value.weight", fused],
      ["gpt_neox.layers.0.attention.query_key_value.bias", fused],
      ["embed_out.weight", AS_IS],
    ],
  );
});

test("T5: both sides, with a gate and without, and layers of the shorter side", () => {
  const values = { "attention.relative_buckets_count": 16, block_count: 2, decoder_block_count: 1 };
  const tensors = {
    "enc.blk.0.attn_rel_b.weight": [16, 4],
    "enc.blk.1.ffn_up.weight": [48, 32],
    "dec.blk.0.attn_o.weight": [32, 32],
    "dec.blk.0.cross_attn_q.weight": [32, 32],
    "dec.blk.0.cross_attn_norm.weight": [32],
    "dec.blk.0.cross_attn_rel_b.weight": [16, 4],
    "dec.blk.0.ffn_norm.weight": [32],
    "dec.output_norm.weight": [32],
  };
  assert.deepEqual(Object.keys(named("t5", tensors, values)), [
    "shared.weight",
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "encoder.block.1.layer.1.DenseReluDense.wi.weight",
    "decoder.block.0.layer.0.SelfAttention.o.weight",
    "decoder.block.0.layer.1.EncDecAttention.q.weight",
    "decoder.block.0.layer.1.layer_norm.weight",
    "decoder.block.0.layer.2.layer_norm.weight",
    "decoder.final_layer_norm.weight",
  ]);
  const gated = { "enc.blk.0.ffn_gate.weight": [48, 32], "dec.blk.0.ffn_up.weight": [48, 32] };
  assert.deepEqual(Object.keys(named("t5", gated, values)).slice(1), [
    "encoder.block.0.layer.1.DenseReluDense.wi_0.weight",
    "decoder.block.0.layer.2.DenseReluDense.wi_1.weight",
  ]);
});

test("tensors that the architecture does not have are counted, and the first is named", () => {
  const [code, text] = refusal("llama", {
    "blk.0.attn_q_norm.weight": [8],
    "blk.4.attn_norm.weight": [32],
    "blk.01.attn_norm.weight": [32],
    "blk.0.toString.weight": [32],
    "blk.0.attn_q.scale": [1],
    "v.patch_embd.weight": [32, 32],
  });
  assert.equal(code, "gguf-tensors-unknown");
  assert.match(text, /has 6 tensors .*"blk\.0\.attn_q_norm\.weight"/);
});

test("rows that do not divide among the heads are refused", () => {
  assert.equal(refusal("llama", { "blk.0.attn_q.weight": [36, 32] })[0], "gguf-rows-indivisible");
  const file = ggufOf("gptneox", SIZES, { "blk.0.attn_qkv.weight": [32, 32] });
  for (const heads of [4, 0, undefined])
    assert.throws(
      () => ggufTensors(file, { num_hidden_layers: 4, num_attention_heads: heads }),
      (error) => error instanceof UserError && error.code === "gguf-rows-indivisible",
    );
});

test("changes move rows and values as they say", () => {
  const unpermute: TensorChange = { kind: "unpermute", heads: 2 };
  assert.deepEqual([...rowOrder(unpermute, 12)!], [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
  const interleave: TensorChange = { kind: "interleave", heads: 2 };
  // Stored: queries 0-3, keys 4-7, values 8-11, two rows a head.
  assert.deepEqual([...rowOrder(interleave, 12)!], [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11]);
  assert.equal(rowOrder({ kind: "as-is" }, 12), undefined);
  const rows = Float32Array.from({ length: 8 }, (_, i) => i);
  assert.deepEqual([...changedValues({ kind: "unpermute", heads: 1 }, rows, [4, 2])], [0, 1, 4, 5, 2, 3, 6, 7]);
  assert.deepEqual([...changedValues({ kind: "unpermute", heads: 1 }, rows, [8])], [0, 2, 4, 6, 1, 3, 5, 7]);
  assert.deepEqual([...changedValues({ kind: "transpose" }, rows, [2, 4])], [0, 4, 1, 5, 2, 6, 3, 7]);
  assert.deepEqual(changedDims({ kind: "transpose" }, [2, 4]), [4, 2]);
  assert.deepEqual(changedDims({ kind: "minus-one" }, [2]), [2]);
  assert.deepEqual([...changedValues({ kind: "minus-one" }, Float32Array.of(1.5, 0.5), [2])], [0.5, -0.5]);
});
