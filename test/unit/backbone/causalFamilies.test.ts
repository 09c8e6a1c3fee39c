import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import type { CausalConfig } from "../../../src/backbone/causal/causalConfig.ts";
import { FAMILIES } from "../../../src/backbone/families.ts";
import type { Architecture } from "../../../src/backbone/family.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-config-"));
after(() => {
  rmSync(folder, { recursive: true });
});

/** What a family reads of a config.json, with these tensors in the weights file. */
function architectureOf(json: { model_type: string }, tensors: readonly string[] = []): Architecture {
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(json.model_type))!;
  const file = { path: join(folder, "config.json"), json, modelType: json.model_type };
  return family.read(file, { has: (name) => tensors.includes(name), isEqual: () => false });
}
const read = (json: { model_type: string }): CausalConfig => architectureOf(json).config as CausalConfig;

/** What is said of a config that is refused. */
function refusal(json: { model_type: string }): string {
  try {
    read(json);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return `${error.message} ${english(error.actionPhrase ?? "")}`;
  }
  throw new Error("it was read");
}

const SIZES = {
  vocab_size: 100,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
};
const OLD_SIZES = { vocab_size: 100, n_embd: 32, n_layer: 2, n_head: 4, n_positions: 64 };
const windowsOf = ({ layers }: CausalConfig): (number | undefined)[] => layers.map(({ window }) => window);
const rotationsOf = ({ layers }: CausalConfig): (number | undefined)[] => layers.map(({ rotation }) => rotation);

test("keys that are left out have the values that transformers gives them", () => {
  const { num_key_value_heads: _, ...bare } = SIZES;
  assert.equal(read({ model_type: "llama", ...bare }).keyValueHeads, 4);
  const many = { ...bare, num_attention_heads: 8 };
  const mistral = read({ model_type: "mistral", ...many });
  assert.deepEqual([mistral.keyValueHeads, ...new Set(windowsOf(mistral))], [8, 4096]);
  const smollm3 = read({ model_type: "smollm3", ...bare });
  assert.equal(smollm3.rotations[0]!.theta, 2_000_000);
  assert.deepEqual(rotationsOf(smollm3), [0, 0, 0, undefined]);
  assert.equal(smollm3.tied, true);
  const gemma2 = read({ model_type: "gemma2", ...bare });
  assert.deepEqual([gemma2.headWidth, gemma2.scoreFactor, gemma2.scoreCap, gemma2.logitCap], [256, 1 / 16, 50, 30]);
  assert.deepEqual(windowsOf(gemma2), [4096, undefined, 4096, undefined]);
  assert.equal(read({ model_type: "qwen3", ...bare, ...{ num_key_value_heads: null } }).headWidth, 128);
  assert.equal(read({ model_type: "olmo2", ...bare }).epsilon, 1e-5);
  assert.equal(read({ model_type: "phi3", ...bare }).epsilon, 1e-5);
  const neox = read({ model_type: "gpt_neox", ...bare });
  assert.deepEqual([neox.rotations[0]!.width, neox.parallel, neox.activation], [2, true, "gelu"]);
  const gpt2 = read({ model_type: "gpt2", ...OLD_SIZES });
  assert.deepEqual([gpt2.hidden, gpt2.activation, gpt2.positions, gpt2.tied], [128, "gelu-tanh", 64, true]);
});

test("a config of the text part of a Gemma 3 leaves out what is usual", () => {
  const { headWidth, heads, keyValueHeads, vocabulary, rotations, layers } = read({
    model_type: "gemma3",
    text_config: { hidden_size: 64, intermediate_size: 128, num_hidden_layers: 7, sliding_window: 16 },
  } as { model_type: string });
  assert.deepEqual([headWidth, heads, keyValueHeads, vocabulary], [256, 8, 4, 262_208]);
  assert.deepEqual(
    rotations.map(({ theta }) => theta),
    [10_000, 1_000_000],
  );
  assert.deepEqual(
    layers.map(({ window, rotation }) => [window, rotation]),
    [...Array.from({ length: 5 }, () => [16, 0]), [undefined, 1], [16, 0]],
  );
});

test("older keys say the same as newer ones", () => {
  const same = (model_type: string, sizes: object, older: object, newer: object): void => {
    assert.deepEqual(read({ model_type, ...sizes, ...older }), read({ model_type, ...sizes, ...newer }));
  };
  const { n_embd: hidden_size, n_layer: num_hidden_layers, n_head: num_attention_heads, ...rest } = OLD_SIZES;
  const aliased = { hidden_size, num_hidden_layers, num_attention_heads, ...rest };
  for (const type of ["gpt2", "codegen"]) {
    const more = type === "codegen" ? { rotary_dim: 4 } : {};
    assert.deepEqual(
      read({ model_type: type, ...OLD_SIZES, ...more }),
      read({ model_type: type, ...aliased, ...more }),
    );
  }
  const yarn = { factor: 4, original_max_position_embeddings: 16 };
  same(
    "llama",
    SIZES,
    { rope_theta: 500, rope_scaling: { type: "yarn", ...yarn }, torch_dtype: "float16" },
    { rope_parameters: { rope_type: "yarn", rope_theta: 500, ...yarn }, dtype: "float16" },
  );
  same(
    "gpt_neox",
    SIZES,
    { rotary_emb_base: 500, rotary_pct: 0.5 },
    { rope_parameters: { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.5 } },
  );
  const layers = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"];
  same(
    "gemma3_text",
    SIZES,
    {
      sliding_window: 8,
      sliding_window_pattern: 2,
      rope_theta: 500,
      rope_local_base_freq: 50,
      rope_scaling: { rope_type: "linear", factor: 2 },
    },
    {
      sliding_window: 8,
      layer_types: layers,
      rope_parameters: {
        full_attention: { rope_type: "linear", factor: 2, rope_theta: 500 },
        sliding_attention: { rope_type: "default", rope_theta: 50 },
      },
    },
  );
  const factors = { short_factor: [1, 1, 2, 2], long_factor: [1, 2, 3, 4] };
  same(
    "phi3",
    SIZES,
    { original_max_position_embeddings: 32, rope_scaling: { type: "su", ...factors } },
    {
      original_max_position_embeddings: 32,
      rope_parameters: { rope_type: "longrope", rope_theta: 10_000, partial_rotary_factor: 1, ...factors },
    },
  );
});

test("windows are in the layers that the config says, and in none where they are not in use", () => {
  const off = [undefined, undefined, undefined, undefined];
  assert.deepEqual(windowsOf(read({ model_type: "mistral", ...SIZES, ...{ sliding_window: null } })), off);
  assert.deepEqual(windowsOf(read({ model_type: "phi3", ...SIZES, ...{ sliding_window: 9 } })), [9, 9, 9, 9]);
  const qwen = { model_type: "qwen2", ...SIZES, sliding_window: 9, max_window_layers: 3 };
  assert.deepEqual(windowsOf(read({ ...qwen, ...{ use_sliding_window: false } })), off);
  assert.deepEqual(windowsOf(read({ ...qwen, ...{ use_sliding_window: true } })), [...off.slice(1), 9]);
  const kinds = ["full_attention", "sliding_attention", "full_attention", "full_attention"];
  const some = [undefined, 9, undefined, undefined];
  assert.deepEqual(windowsOf(read({ ...qwen, ...{ use_sliding_window: true, layer_types: kinds } })), some);
  assert.deepEqual(
    windowsOf(read({ model_type: "gemma2", ...SIZES, ...{ sliding_window: 9, layer_types: kinds } })),
    some,
  );
  const smollm = { model_type: "smollm3", ...SIZES, no_rope_layers: [1, 0, 1, 0], sliding_window: 9 };
  assert.deepEqual(rotationsOf(read(smollm)), [0, undefined, 0, undefined]);
  assert.deepEqual(windowsOf(read({ ...smollm, ...{ use_sliding_window: true } })), [undefined, 9, undefined, 9]);
});

test("scores of GPT-2 are divided by the layer's number where its config says so, or by nothing", () => {
  const gpt2 = { model_type: "gpt2", ...OLD_SIZES };
  const { scoreFactor, layers } = read({ ...gpt2, ...{ scale_attn_by_inverse_layer_idx: true } });
  assert.deepEqual(
    layers.map((layer) => layer.scoreFactor),
    [scoreFactor, scoreFactor / 2],
  );
  assert.equal(read({ ...gpt2, ...{ scale_attn_weights: false } }).scoreFactor, 1);
});

test("an odd width of a partial rotation is rounded up, and its frequencies count the odd one", () => {
  const [rotation] = read({
    model_type: "gpt_neox",
    ...SIZES,
    ...{ hidden_size: 48, rotary_pct: 0.25 },
  }).rotations;
  assert.deepEqual([rotation!.width, rotation!.span], [4, 3]);
});

test("a key that would change the result and is not supported is refused by name, with the way out", () => {
  const llama = (more: object): string => refusal({ model_type: "llama", ...SIZES, ...more });
  assert.match(llama({ residual_multiplier: 0.22 }), /"residual_multiplier" is 0.22.*Use a model without/s);
  assert.match(llama({ num_local_experts: 8 }), /"num_local_experts" is 8/);
  assert.match(llama({ partial_rotary_factor: 0.5 }), /"partial_rotary_factor" is 0.5/);
  assert.match(
    llama({ rope_scaling: { type: "linear", factor: 2, partial_rotary_factor: 0.5 } }),
    /rotation of 4 of the 8/,
  );
  assert.match(llama({ rope_scaling: { rope_type: "proportional", factor: 2 } }), /"proportional" is not supported/);
  assert.match(
    llama({ rope_scaling: { rope_type: "yarn", factor: 2 }, max_position_embeddings: null }),
    /lacks the original length/,
  );
  assert.match(llama({ rope_parameters: { full_attention: { rope_theta: 5 } } }), /rope_parameters.*kind of layer is/);
  assert.match(llama({ hidden_act: "quick_gelu" }), /hidden_act: supported activations are silu/);
  assert.match(llama({ layer_types: Array(4).fill("chunked_attention") }), /"layer_types" is/);
  assert.match(llama({ head_dim: null, num_attention_heads: 6 }), /hidden_size must be a multiple/);
  assert.match(llama({ num_key_value_heads: 3 }), /num_key_value_heads/);
  const refused = (model_type: string, more: object): string => refusal({ model_type, ...SIZES, ...more });
  assert.match(refused("mistral", { attention_bias: true }), /"attention_bias" is true/);
  assert.match(refused("mistral", { sliding_window: 8, layer_types: Array(4).fill("full_attention") }), /layer_types/);
  assert.match(refused("qwen3", { num_experts: 64 }), /"num_experts" is 64/);
  assert.match(refused("qwen2", { layer_types: Array(4).fill("sliding_attention") }), /no sliding_window is in use/);
  assert.match(refused("qwen2", { layer_types: ["full_attention"] }), /1 entries for 4 layers/);
  assert.match(refused("smollm3", { no_rope_layers: [1, 0] }), /no_rope_layers has 2 entries for 4 layers/);
  assert.match(refused("gemma2", { use_bidirectional_attention: true }), /"use_bidirectional_attention"/);
  assert.match(refused("gemma3_text", { rope_parameters: { rope_theta: 5 } }), /rope_parameters: it must have/);
  assert.match(refused("olmo2", { clip_qkv: 8 }), /"clip_qkv" is 8/);
  assert.match(
    refused("phi3", { rope_scaling: { type: "longrope", short_factor: [1], long_factor: [1] } }),
    /has not 4 factors/,
  );
  assert.match(
    refusal({ model_type: "gpt2", ...OLD_SIZES, ...{ add_cross_attention: true } }),
    /"add_cross_attention"/,
  );
  assert.match(refusal({ model_type: "gpt2", ...OLD_SIZES, ...{ n_head: 5 } }), /n_embd must be a multiple/);
  assert.match(refusal({ model_type: "codegen", ...OLD_SIZES, ...{ rotary_dim: 16 } }), /rotary_dim at most/);
  assert.match(refusal({ model_type: "codegen", ...OLD_SIZES, ...{ n_head: 2, rotary_dim: 4 } }), /multiple of 4/);
});

test("keys with the values that change nothing are read past", () => {
  const neutral = { residual_multiplier: 1, attn_logit_softcapping: null, num_experts: 0, is_encoder_decoder: false };
  assert.deepEqual(read({ model_type: "llama", ...SIZES, ...neutral }), read({ model_type: "llama", ...SIZES }));
});

test("layouts have the tensors of each family with their shapes", () => {
  const shapes = (json: { model_type: string }): Map<string, string> =>
    new Map(architectureOf(json).layout.weights.map(({ name, dims }) => [name, dims.join()]));
  const phi3 = shapes({ model_type: "phi3", ...SIZES });
  assert.equal(phi3.get("model.layers.0.self_attn.qkv_proj.weight"), "64,32");
  assert.equal(phi3.get("model.layers.0.mlp.gate_up_proj.weight"), "96,32");
  assert.equal(phi3.get("lm_head.weight"), "100,32");
  const olmo2 = shapes({ model_type: "olmo2", ...SIZES });
  assert.equal(olmo2.get("model.layers.0.self_attn.q_norm.weight"), "32");
  assert.equal(olmo2.get("model.layers.0.self_attn.k_norm.weight"), "16");
  assert.equal(olmo2.has("model.layers.0.input_layernorm.weight"), false);
  const qwen2 = shapes({ model_type: "qwen2", ...SIZES });
  assert.equal(qwen2.get("model.layers.0.self_attn.k_proj.bias"), "16");
  assert.equal(qwen2.has("model.layers.0.self_attn.o_proj.bias"), false);
  const gpt2 = shapes({ model_type: "gpt2", ...OLD_SIZES });
  assert.equal(gpt2.get("transformer.h.0.attn.c_attn.weight"), "32,96");
  assert.equal(gpt2.get("transformer.h.0.mlp.c_proj.weight"), "128,32");
  assert.equal(gpt2.get("transformer.wpe.weight"), "64,32");
  const codegen = shapes({ model_type: "codegen", ...OLD_SIZES, ...{ rotary_dim: 4 } });
  assert.equal(codegen.get("transformer.h.0.attn.qkv_proj.weight"), "96,32");
  assert.equal(codegen.get("lm_head.bias"), "100");
  assert.equal(codegen.has("transformer.h.0.ln_2.weight"), false);
  const neox = shapes({ model_type: "gpt_neox", ...SIZES });
  assert.equal(neox.get("gpt_neox.layers.0.attention.query_key_value.bias"), "96");
  assert.equal(neox.has("embed_out.bias"), false);
  const gemma3 = shapes({ model_type: "gemma3", text_config: { ...SIZES, head_dim: 8 } } as { model_type: string });
  assert.equal(gemma3.get("model.language_model.layers.3.self_attn.q_norm.weight"), "8");
});

test("generation ends at every token that a file of the folder names, and else at the family's own", () => {
  const gpt2 = { model_type: "gpt2", ...OLD_SIZES };
  assert.deepEqual(read(gpt2).ends, [50_256]);
  writeFileSync(join(folder, "config.json"), JSON.stringify({ eos_token_id: 7 }));
  writeFileSync(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: [9, 7] }));
  const { ends, pad } = read({ ...gpt2, ...{ pad_token_id: -1 } });
  assert.deepEqual([ends, pad], [[7, 9], 7]);
});
