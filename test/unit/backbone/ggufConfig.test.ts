import assert from "node:assert/strict";
import { test } from "node:test";
import { configText } from "../../../src/backbone/gguf/configText.ts";
import { ggufConfig } from "../../../src/backbone/gguf/ggufConfig.ts";
import type { GgufFile } from "../../../src/backbone/gguf/ggufFile.ts";
import { llama3Scaling } from "../../../src/backbone/gguf/llama3Scaling.ts";
import { shortestDecimal } from "../../../src/backbone/gguf/shortestDecimal.ts";
import { english } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import { ggufOf, SIZES, type Tensors, type Values } from "./ggufMaker.ts";

const config = (architecture: string, values: Values = {}, tensors: Tensors = {}): Record<string, unknown> =>
  ggufConfig(ggufOf(architecture, { ...SIZES, ...values }, tensors));
/** The config's values of these keys. */
const some = (found: Record<string, unknown>, ...keys: string[]): unknown[] => keys.map((key) => found[key]);

function refusal(file: GgufFile): [code: string, text: string] {
  try {
    ggufConfig(file);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return [error.code, `${error.message} ${english(error.actionPhrase!)}`];
  }
  throw new Error("it was read");
}

test("a Llama: sizes, the decimals that were meant, tokens, and a tied head", () => {
  const tokens = { bos: 1, eos: 2, padding: 4_294_967_295 };
  const ids = Object.entries(tokens).map(([name, id]) => [`tokenizer.ggml.${name}_token_id`, id]);
  assert.deepEqual(config("llama", Object.fromEntries(ids) as Values), {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: 100,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 8,
    max_position_embeddings: 64,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
    rope_theta: 500_000,
    attention_bias: false,
    mlp_bias: false,
  });
});

test("arrays that are equal in all layers, keys that may be missing, biases, and a head of its own", () => {
  const { "attention.head_count_kv": _, "rope.freq_base": __, ...bare } = SIZES;
  const each = { "attention.head_count": [4, 4, 4, 4], feed_forward_length: [48, 48, 48, 48] };
  const names = ["blk.0.attn_q.bias", "blk.0.ffn_up.bias"];
  const biases = Object.fromEntries(names.map((name) => [name, [32]]));
  const head = { "token_embd.weight": { values: [1, 2] }, "output.weight": { values: [1, 3] } };
  const found = ggufConfig(ggufOf("llama", { ...bare, ...each, "attention.key_length": 16 }, { ...biases, ...head }));
  const keys = ["num_attention_heads", "num_key_value_heads", "intermediate_size", "head_dim", "rope_theta"];
  assert.deepEqual(some(found, ...keys), [4, 4, 48, 16, 10_000]);
  assert.deepEqual(some(found, "attention_bias", "mlp_bias", "tie_word_embeddings"), [true, true, false]);
  const repeated = { "token_embd.weight": { values: [1, 2] }, "output.weight": { values: [1, 2] } };
  assert.equal(config("llama", {}, repeated)["tie_word_embeddings"], true);
});

test("a file of the Llama kind with a window is a Mistral", () => {
  const found = config("llama", { "attention.sliding_window": 7 });
  assert.deepEqual(some(found, "model_type", "sliding_window"), ["mistral", 7]);
});

test("the scalings of rotations", () => {
  const scaling = (values: Values): unknown => config("qwen2", values)["rope_scaling"];
  const keys = (values: Values): Values =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`rope.scaling.${key}`, value]));
  assert.equal(scaling(keys({ type: "none", factor: 4 })), undefined);
  assert.equal(scaling(keys({ type: "linear", factor: 1 })), undefined);
  assert.deepEqual(scaling(keys({ factor: 2.5 })), { rope_type: "linear", factor: 2.5 });
  assert.deepEqual(scaling({ "rope.scale_linear": 2 }), { rope_type: "linear", factor: 2 });
  assert.deepEqual(scaling(keys({ type: "yarn", factor: 4, original_context_length: 16 })), {
    rope_type: "yarn",
    factor: 4,
    original_max_position_embeddings: 16,
  });
  const yarn = { type: "yarn", yarn_attn_factor: Math.fround(1.1), yarn_beta_fast: 8, yarn_beta_slow: 2 };
  assert.deepEqual(scaling(keys(yarn)), { rope_type: "yarn", attention_factor: 1.1, beta_fast: 8, beta_slow: 2 });
  assert.equal(config("llama", { "rope.dimension_count": 4 })["partial_rotary_factor"], 0.5);
});

/** The factors of Llama 3's scaling, rounded as they are stored. */
function factorsOf(pairs: number, { factor, low, high, original }: Record<string, number>): number[] {
  return Array.from({ length: pairs }, (_, i) => {
    const turn = 2 * Math.PI * 500_000 ** (i / pairs);
    const smooth = Math.min(1, Math.max(0, (original! / turn - low!) / (high! - low!)));
    return Math.fround(1 / ((1 - smooth) / factor! + smooth));
  });
}

test("the scaling of Llama 3 is found from its factors, in its published sizes", () => {
  for (const [pairs, factor] of [
    [64, 8],
    [32, 32],
  ] as const) {
    const factors = factorsOf(pairs, { factor, low: 1, high: 4, original: 8192 });
    const found = {
      rope_type: "llama3",
      factor,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    };
    assert.deepEqual(llama3Scaling(factors, 500_000), found);
    const file = { "attention.key_length": 2 * pairs };
    const made = config("llama", file, { "rope_freqs.weight": { values: factors } });
    assert.deepEqual(made["rope_scaling"], found);
  }
});

test("other factors are kept as they are, and factors of 1 are none", () => {
  const values = [1, 1.5, 1.25, 9];
  const made = config("smollm3", {}, { "rope_freqs.weight": { values } });
  assert.deepEqual(made["rope_scaling"], {
    rope_type: "longrope",
    short_factor: values,
    long_factor: values,
    factor: 1,
    attention_factor: 1,
    original_max_position_embeddings: 64,
  });
  const bounds = factorsOf(32, { factor: 8, low: 2, high: 3, original: 8192 });
  assert.equal(llama3Scaling(bounds, 500_000), undefined);
  assert.equal(config("llama", {}, { "rope_freqs.weight": { values: [1, 1, 1, 1] } })["rope_scaling"], undefined);
});

test("Qwen 2 and 3, SmolLM 3 and OLMo 2", () => {
  const bias = { "blk.0.attn_q.bias": [32] };
  assert.equal(config("qwen2", {}, bias)["model_type"], "qwen2");
  assert.deepEqual(some(config("qwen3", {}, bias), "model_type", "attention_bias", "head_dim"), ["qwen3", true, 8]);
  const smollm3 = config("smollm3");
  assert.deepEqual(some(smollm3, "model_type", "no_rope_layer_interval", "mlp_bias"), ["smollm3", 4, false]);
  assert.deepEqual(some(config("olmo2"), "model_type", "attention_bias"), ["olmo2", false]);
});

test("Gemma 2: windows, caps, and the scale of scores by its size", () => {
  const caps = { attn_logit_softcapping: 50, final_logit_softcapping: 0 };
  const found = config("gemma2", { ...caps, "attention.key_length": 16, "attention.sliding_window": 9 });
  const keys = ["attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "sliding_window"];
  assert.deepEqual(some(found, ...keys), [50, null, 16, 9]);
  const large = config("gemma2", { block_count: 46, "attention.key_length": 16 });
  assert.deepEqual(some(large, ...keys), [undefined, undefined, 8, 4096]);
});

test("Gemma 3: two rotations, and layers by the period, by flags, or without a window", () => {
  const { "rope.freq_base": _, ...bare } = SIZES;
  const read = (values: Values): unknown[] =>
    some(
      ggufConfig(ggufOf("gemma3", { ...bare, "attention.key_length": 16, ...values })),
      ...["rope_theta", "rope_local_base_freq", "sliding_window", "sliding_window_pattern", "layer_types"],
    );
  const window = { "attention.sliding_window": 9 };
  assert.deepEqual(read(window), [1_000_000, 10_000, 9, 6, undefined]);
  assert.deepEqual(read({ ...window, "rope.freq_base": 5000, "rope.freq_base_swa": 70 }).slice(0, 2), [5000, 70]);
  assert.deepEqual(read({ ...window, "attention.sliding_window_pattern": 3 }).slice(3), [3, undefined]);
  const flags = read({ ...window, "attention.sliding_window_pattern": [1, 0] })[4];
  assert.deepEqual(flags, ["sliding_attention", "full_attention"]);
  assert.deepEqual(read({}).slice(2), [undefined, 1, undefined]);
  const large = config("gemma3", { block_count: 62, "attention.key_length": 16, ...window });
  assert.equal(large["query_pre_attn_scalar"], 8);
});

test("Phi-3: LongRoPE with its own factor only where it is another than the usual one, a part, and a window", () => {
  const factors = { "rope_factors_short.weight": { values: [1, 2] }, "rope_factors_long.weight": { values: [3, 4] } };
  const usual = Math.sqrt(1 + Math.log(4) / Math.log(16));
  const values = { "rope.dimension_count": 4, "rope.scaling.original_context_length": 16 };
  const read = (more: Values): Record<string, unknown> => config("phi3", { ...values, ...more }, factors);
  const found = read({ "rope.scaling.attn_factor": Math.fround(usual), "attention.sliding_window": 0 });
  const longrope = { type: "longrope", short_factor: [1, 2], long_factor: [3, 4] };
  assert.deepEqual(found["rope_scaling"], longrope);
  const keys = ["partial_rotary_factor", "original_max_position_embeddings", "sliding_window"];
  assert.deepEqual(some(found, ...keys), [0.5, 16, null]);
  const other = read({ "rope.scaling.attn_factor": 1.25, "attention.sliding_window": 5 });
  assert.deepEqual(some(other, "rope_scaling", "sliding_window"), [{ ...longrope, attention_factor: 1.25 }, 5]);
  assert.equal(config("phi3")["rope_scaling"], undefined);
});

test("GPT-2: the width of its feed-forward is the tensor's, its positions are the table's", () => {
  const values = { "attention.layer_norm_epsilon": Math.fround(1e-5) };
  const tensors = { "position_embd.weight": [77, 32], "blk.0.ffn_up.weight": [52, 32] };
  const found = config("gpt2", values, tensors);
  const keys = ["n_positions", "n_embd", "n_layer", "n_head", "n_inner", "layer_norm_epsilon", "vocab_size"];
  assert.deepEqual(some(found, ...keys), [77, 32, 4, 4, 52, 1e-5, 100]);
});

test("GPT-NeoX: the part that rotates, biases, and blocks that are parallel or not", () => {
  const values = { "attention.layer_norm_epsilon": Math.fround(1e-5), "rope.dimension_count": 3 };
  const keys = ["rotary_pct", "attention_bias", "use_parallel_residual", "layer_norm_eps"];
  assert.deepEqual(some(config("gptneox", values), ...keys), [0.375, false, true, 1e-5]);
  const serial = config("gptneox", { ...values, use_parallel_residual: false }, { "blk.0.attn_qkv.bias": [96] });
  assert.deepEqual(some(serial, ...keys), [0.375, true, false, 1e-5]);
  const odd = config("gptneox", { ...values, "rope.dimension_count": 15, "attention.key_length": 22 });
  assert.equal(Math.floor(22 * (odd["rotary_pct"] as number)), 15);
});

test("T5: version, type, layers of the decoder, buckets, and whether the head is the table", () => {
  const values = { "attention.key_length": 6, "attention.relative_buckets_count": 16, decoder_block_count: 2 };
  const gate = { "enc.blk.0.ffn_gate.weight": [48, 32] };
  const head = { "token_embd.weight": { values: [1, 2] }, "output.weight": { values: [1, 3] } };
  const read = (tensors: Tensors, more: Values = {}): unknown[] =>
    some(
      config("t5", { ...values, ...more }, tensors),
      ...["model_type", "feed_forward_proj", "tie_word_embeddings", "num_decoder_layers"],
    );
  assert.deepEqual(read({}), ["t5", "relu", true, 2]);
  assert.deepEqual(read({ ...gate, ...head }), ["t5", "gated-gelu", false, 2]);
  assert.deepEqual(read(head), ["t5", "relu", false, 2]);
  assert.equal(read({ ...gate, ...head }, { "general.name": "Google Mt5 Small" })[0], "mt5");
  assert.equal(read({ "enc.blk.1.attn_rel_b.weight": [16, 4] })[0], "umt5");
  const found = config("t5", { ...values, decoder_start_token_id: 3 });
  const keys = ["d_kv", "relative_attention_num_buckets", "relative_attention_max_distance", "decoder_start_token_id"];
  assert.deepEqual(some(found, ...keys, "eos_token_id", "pad_token_id"), [6, 16, 128, 3, 1, 0]);
  // A quantised file of version 1.0 has the same table in two types.
  const file = ggufOf("t5", { ...SIZES, ...values }, head);
  const other = { ...file.tensors.get("output.weight")!, type: "Q6_K" as const };
  const tensors = new Map(file.tensors).set(other.name, other);
  assert.equal(ggufConfig({ ...file, tensors })["tie_word_embeddings"], true);
});

test("an architecture that cannot be read is refused by its name, with those that can", () => {
  const [code, text] = refusal(ggufOf("mamba", SIZES));
  assert.equal(code, "gguf-architecture-unsupported");
  for (const name of ["mamba", "llama", "qwen3", "gemma3", "gptneox", "t5"]) assert.ok(text.includes(name), text);
  assert.equal(refusal(ggufOf("t5encoder", SIZES))[0], code);
  assert.equal(refusal(ggufOf("toString", SIZES))[0], code);
});

test("keys and tensors that are missing, not numbers, or different by layer are named", () => {
  const { block_count: _, ...bare } = SIZES;
  const refusals: [string, string, GgufFile][] = [
    ["gguf-key-missing", "llama.block_count", ggufOf("llama", bare)],
    ["gguf-value-type", "llama.block_count", ggufOf("llama", { ...bare, block_count: "4" })],
    ["gguf-number-not-finite", "llama.block_count", ggufOf("llama", { ...bare, block_count: NaN })],
    ["gguf-layers-differ", "attention.head_count", ggufOf("llama", { ...SIZES, "attention.head_count": [4, 2] })],
    ["gguf-tensor-missing", "position_embd", ggufOf("gpt2", SIZES)],
  ];
  for (const [code, name, file] of refusals) {
    const [found, text] = refusal(file);
    assert.equal(found, code);
    assert.ok(text.includes(name), text);
  }
});

test("keys that change what a model computes are refused where the architecture does not read them", () => {
  const keys: Values = {
    expert_count: 8,
    logit_scale: 0.5,
    "attention.causal": false,
    "attention.clamp_kqv": 8,
    "attention.sliding_window": 512,
    "attention.value_length": 4,
    "rope.dimension_sections": [8, 12, 12, 0],
    "rope.scaling.yarn_log_multiplier": 0.1,
    final_logit_softcapping: 30,
  };
  for (const [key, value] of Object.entries(keys)) {
    const [code, text] = refusal(ggufOf("olmo2", { ...SIZES, "attention.key_length": 8, [key]: value }));
    assert.equal(code, "gguf-key-unsupported");
    assert.ok(text.includes(`olmo2.${key}`), text);
  }
  const neutral = { expert_count: 0, logit_scale: 1, "attention.causal": true, "rope.dimension_sections": [0, 0] };
  assert.equal(config("olmo2", neutral)["model_type"], "olmo2");
});

test("scalings and factors that are not whole are refused", () => {
  const type = "gguf-scaling-unsupported";
  assert.equal(refusal(ggufOf("llama", { ...SIZES, "rope.scaling.type": "longrope" }))[0], type);
  const both = { "rope.scaling.type": "yarn", "rope.scaling.factor": 2 };
  const freqs = { "rope_freqs.weight": { values: [1, 1, 2, 2] } };
  assert.equal(refusal(ggufOf("llama", { ...SIZES, ...both }, freqs))[0], type);
  for (const values of [
    [1, 2],
    [1, 2, 0, 3],
    [1, 2, NaN, 3],
    [1, -2, 1, 1],
  ]) {
    const file = ggufOf("llama", SIZES, { "rope_freqs.weight": { values } });
    assert.equal(refusal(file)[0], "gguf-rope-factors", String(values));
  }
});

test("the shortest decimal of an fp32 is found, and other numbers are left", () => {
  for (const value of [1e-5, 1e-6, 1e-12, 0.1, 1.0800000429153442, 500_000, 1_000_000.5, 0, -0.3])
    assert.equal(Math.fround(shortestDecimal(Math.fround(value))), Math.fround(value));
  assert.equal(shortestDecimal(Math.fround(1e-6)), 1e-6);
  assert.equal(shortestDecimal(Math.fround(1.1)), 1.1);
  assert.equal(shortestDecimal(Math.fround(0.123456789)), Number(Math.fround(0.123456789).toPrecision(8)));
  assert.equal(shortestDecimal(0.1), 0.1);
});

test("the file's text has whole decimals as decimals, and is else plain JSON", () => {
  const found = { final_logit_softcapping: 30, attn_logit_softcapping: 2.5, vocab_size: 7, inner: { rotary_pct: 1 } };
  const text = configText({ ...found, rotary_pct: 1 });
  assert.deepEqual(JSON.parse(text), { ...found, rotary_pct: 1 });
  assert.deepEqual(text.match(/\d+\.\d+/g), ["30.0", "2.5", "1.0"]);
});
