import assert from "node:assert/strict";
import { test } from "node:test";
import { AdapterConfig, fromConfig, toConfig } from "../../../src/adapter/adapterConfig.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import type { BackboneLayout } from "../../../src/backbone/layout.ts";
import { UserError } from "../../../src/base/errors.ts";
import type { SpecOf } from "../../../src/method/methodSpec.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";
import { smallLayout } from "../method/smallLayout.ts";

const T5 = backboneLayout(backboneFolder("tiny-t5"));
const LORA = { peft_type: "LORA", r: 4, lora_alpha: 8, target_modules: ["q", "v"] };
const IA3 = { peft_type: "IA3", target_modules: ["k", "v", "wo"], feedforward_modules: ["wo"] };
const PROMPT = { peft_type: "PROMPT_TUNING", num_virtual_tokens: 3 };

const read = (config: object, layout: BackboneLayout = T5) =>
  fromConfig(AdapterConfig.parse(config), { path: "F/adapter_config.json", layout });
const lora = (config: object, layout: BackboneLayout = T5): SpecOf<"lora"> =>
  read({ ...LORA, ...config }, layout).spec as SpecOf<"lora">;
const ia3 = (config: object, layout: BackboneLayout = T5): SpecOf<"ia3"> =>
  read({ ...IA3, ...config }, layout).spec as SpecOf<"ia3">;
/** Names of the modules that have tensors. */
const changed = (config: object, layout: BackboneLayout = T5): string[] => {
  const { spec, sizes } = read({ ...LORA, ...config }, layout);
  const tensors = methodOf(spec.kind).tensors({ spec, sizes, layout });
  return tensors.flatMap(({ name }) => (name.endsWith(".lora_A.weight") ? [name.slice(0, -14)] : []));
};
const modules = (choose: (module: string) => boolean): string[] =>
  T5.linears.map(({ module }) => module).filter(choose);

/** Reads a config that is to be refused, and checks that the message has key and value, and the action is there. */
function refuses(base: object, [key, value]: readonly [string, unknown], layout: BackboneLayout = T5): UserError {
  let refused: unknown;
  try {
    read({ ...base, [key]: value }, layout);
  } catch (error) {
    refused = error;
  }
  assert.ok(refused instanceof UserError, `${key}: ${JSON.stringify(value)}`);
  assert.equal(refused.code, "adapter-key-unsupported");
  const shown = JSON.stringify(value).slice(0, 100);
  assert.ok(refused.message.startsWith(`F/adapter_config.json: "${key}" is ${shown}`), refused.message);
  assert.ok((refused.action ?? "").length > 20);
  return refused;
}

// As the sources of PEFT 0.21.2 say: with each of these it computes something else than without it, or refuses it.
const HARMFUL: readonly (readonly [string, unknown])[] = [
  ["init_lora_weights", "pissa"],
  ["init_lora_weights", "pissa_niter_16"],
  ["init_lora_weights", "olora"],
  ["init_lora_weights", "OLoRA"],
  ["init_lora_weights", "corda"],
  ["init_lora_weights", "loftq"],
  ["init_lora_weights", "lora_ga"],
  ["init_lora_weights", "of another time"],
  ["modules_to_save", ["lm_head"]],
  ["lora_bias", true],
  ["layer_replication", [[0, 2]]],
  ["megatron_config", { tensor_model_parallel_size: 2 }],
  ["trainable_token_indices", [3]],
  ["trainable_token_indices", { shared: [3] }],
  ["target_parameters", ["shared.weight"]],
  ["alora_invocation_tokens", [5, 6]],
  ["use_qalora", true],
  ["use_bdlora", { nblocks: 2 }],
  ["arrow_config", { top_k: 1 }],
  ["kasa_config", { beta: 0 }],
  ["monteclora_config", { num_samples: 2 }],
  ["velora_config", { num_groups: 2 }],
  ["enable_lora", [true, false, true]],
  ["a_key_of_tomorrow", "on"],
];
const HARMLESS: readonly (readonly [string, unknown])[] = [
  ["init_lora_weights", true],
  ["init_lora_weights", false],
  ["init_lora_weights", "gaussian"],
  ["init_lora_weights", "eva"],
  ["init_lora_weights", "orthogonal"],
  ["init_lora_weights", "MiCA"],
  ["modules_to_save", []],
  ["modules_to_save", null],
  ["bias", "all"],
  ["bias", "lora_only"],
  ["lora_bias", false],
  ["layer_replication", []],
  ["megatron_config", null],
  ["megatron_core", "megatron.core"],
  ["trainable_token_indices", {}],
  ["target_parameters", []],
  ["alora_invocation_tokens", null],
  ["use_qalora", false],
  ["qalora_group_size", 16],
  ["arrow_config", null],
  ["loftq_config", { loftq_bits: 4 }],
  ["eva_config", { rho: 2 }],
  ["lora_dropout", 0.1],
  ["fan_in_fan_out", true],
  ["ensure_weight_tying", true],
  ["enable_lora", null],
  ["merge_weights", false],
  ["rank_pattern", null],
  ["exclude_modules", []],
  ["exclude_modules", ""],
  ["layers_to_transform", []],
  ["layers_pattern", []],
  ["auto_mapping", { base_model_class: "T5" }],
  ["revision", "main"],
  ["peft_version", "0.21.2"],
  ["a_key_of_tomorrow", null],
  ["another_key_of_tomorrow", {}],
];

test("a key of LoRA that changes its meaning is refused by name, with its value and the way out", () => {
  for (const each of HARMFUL) refuses(LORA, each);
});

test("a value that nests without end is refused as any other", () => {
  let deep: unknown = "x";
  for (let i = 0; i < 20_000; i++) deep = [deep];
  assert.throws(() => read({ ...LORA, modules_to_save: deep }), UserError);
});

test("PiSSA's way out is PEFT's conversion", () => {
  assert.match(refuses(LORA, ["init_lora_weights", "pissa"]).action!, /path_initial_model_for_weight_conversion/);
});

test("values that say 'not used', and keys of training, change nothing", () => {
  for (const [key, value] of HARMLESS)
    assert.deepEqual(lora({ [key]: value }), lora({}), `${key}: ${JSON.stringify(value)}`);
});

test("biases that a backbone has are refused where they were trained", () => {
  const fused = { ...LORA, target_modules: ["qkv_proj"] };
  const biased = smallLayout({ biases: ["h.0.attn.out_proj", "h.0.ln"] });
  refuses(fused, ["bias", "all"], biased);
  assert.ok(lora({ ...fused, bias: "lora_only" }, biased), "the changed layer has no bias");
  refuses({ ...fused, target_modules: ["out_proj"] }, ["bias", "lora_only"], biased);
  assert.ok(lora({ ...fused, bias: "all" }, smallLayout()));
  refuses({ ...fused, target_modules: ["head"] }, ["ensure_weight_tying", true], biased);
});

test("layers are chosen by names, expressions, exclusions and numbers, as PEFT chooses them", () => {
  assert.deepEqual(lora({}).targets, ["q", "v"]);
  const chosen: [object, (module: string) => boolean][] = [
    [{}, (m) => /\.[qv]$/.test(m)],
    [{ target_modules: "encoder\\..*\\.(q|v)" }, (m) => /^encoder.*\.[qv]$/.test(m)],
    [{ target_modules: "all-linear" }, (m) => m !== T5.head.module],
    [{ target_modules: null }, (m) => /\.[qv]$/.test(m)],
    [{ exclude_modules: "decoder\\..*" }, (m) => /^encoder.*\.[qv]$/.test(m)],
    [{ exclude_modules: ["EncDecAttention.q"] }, (m) => /\.[qv]$/.test(m) && !m.endsWith("EncDecAttention.q")],
    [{ layers_to_transform: 1 }, (m) => /^\w+\.block\.1\..*\.[qv]$/.test(m)],
    [{ layers_to_transform: [0] }, (m) => /^\w+\.block\.0\..*\.[qv]$/.test(m)],
    [{ layers_to_transform: [1], layers_pattern: ["h", "layer"] }, (m) => /layer\.1\..*\.[qv]$/.test(m)],
  ];
  for (const [config, isChosen] of chosen) {
    const expected = modules(isChosen);
    assert.ok(expected.length > 0, JSON.stringify(config));
    assert.deepEqual(changed(config), expected, JSON.stringify(config));
  }
});

test("keys that PEFT refuses together, and choices of no layer, are refused", () => {
  refuses({ ...LORA, target_modules: ".*q" }, ["layers_to_transform", [0]]);
  refuses({ ...LORA, target_modules: ".*q" }, ["layers_pattern", "block"]);
  refuses(LORA, ["layers_pattern", "block"]);
  refuses(LORA, ["target_modules", ["c_attn"]]);
  refuses(LORA, ["target_modules", "(q"]);
  refuses(LORA, ["target_modules", ["q", "shared"]]);
  refuses({ ...LORA, layers_to_transform: [0] }, ["layers_pattern", "block|layer"]);
});

test("each layer has the rank and the scale of the first pattern that matches it", () => {
  const { ranks, alphas, alpha, rank } = lora({
    rank_pattern: { "encoder.block.0.layer.0.SelfAttention.q": 2, "SelfAttention.(q|k)": 3 },
    alpha_pattern: { v: 5 },
  });
  assert.deepEqual([rank, alpha], [4, 8]);
  const q = modules((m) => m.endsWith("SelfAttention.q"));
  assert.deepEqual(ranks, Object.fromEntries(q.map((m) => [m, m.startsWith("encoder.block.0") ? 2 : 3])));
  assert.deepEqual(alphas, Object.fromEntries(modules((m) => m.endsWith(".v")).map((m) => [m, 5])));
});

test("rank-stabilised scales follow each layer's own rank", () => {
  const { ranks, alphas, alpha } = lora({ use_rslora: true, rank_pattern: { v: 9 } });
  assert.equal(alpha / 4, 8 / 2);
  for (const module of modules((m) => m.endsWith(".v")))
    assert.ok(Math.abs(alphas![module]! / ranks![module]! - 8 / 3) < 1e-12);
});

test("what is written again is read as the same method, layer by layer", () => {
  for (const config of [
    { target_modules: "encoder\\..*\\.(q|v)", rank_pattern: { q: 2 }, use_rslora: true, use_dora: true },
    { exclude_modules: ["EncDecAttention.q"], alpha_pattern: { "block.1.*v": 3 } },
  ]) {
    const { spec, sizes } = read({ ...LORA, ...config });
    const written = toConfig(spec, sizes, { backbone: "tiny-t5", layout: T5 });
    assert.deepEqual(read(written), { spec, sizes });
  }
});

test("DoRA is an option of LoRA, with one tensor more for each layer", () => {
  const { spec, sizes } = read({ ...LORA, use_dora: true });
  const tensors = methodOf("lora").tensors({ spec, sizes, layout: T5 });
  const { module, out } = T5.linears.find((each) => each.module.endsWith(".q"))!;
  assert.deepEqual(tensors.find(({ name }) => name === `${module}.lora_magnitude_vector`)?.sizes, [out]);
  assert.equal(toConfig(spec as SpecOf<"lora">, sizes, { backbone: "b", layout: T5 })["use_dora"], true);
});

test("IA3 reads its layers as LoRA does, and its inputs by the ends of names, as PEFT does", () => {
  assert.deepEqual([ia3({}).targets, ia3({}).feedForward], [["k", "v"], ["wo"]]);
  const mistaken = ia3({ target_modules: ["v", "o", "wo"], feedforward_modules: ["o"] });
  assert.deepEqual(
    mistaken.feedForward,
    modules((m) => /\.w?o$/.test(m)),
  );
  const pattern = ia3({ target_modules: ".*\\.(k|wo)", feedforward_modules: ".*wo", exclude_modules: "encoder.*" });
  assert.deepEqual(
    pattern.targets,
    modules((m) => /^decoder.*\.k$/.test(m)),
  );
  assert.deepEqual(
    pattern.feedForward,
    modules((m) => /^decoder.*\.wo$/.test(m)),
  );
  assert.deepEqual(
    ia3({ feedforward_modules: null }).feedForward,
    modules((m) => m.endsWith(".wo")),
  );
  assert.deepEqual(ia3({ fan_in_fan_out: true, init_ia3_weights: false, modules_to_save: [] }), ia3({}));
  refuses(IA3, ["modules_to_save", ["lm_head"]]);
  refuses(IA3, ["layers_to_transform", [1]]);
});

test("IA3 is written so that PEFT takes no output for an input", () => {
  const spec = { kind: "ia3", targets: ["v", "wo"], feedForward: ["o"] } as SpecOf<"ia3">;
  const again = read(toConfig(spec, {}, { backbone: "b", layout: T5 })).spec as SpecOf<"ia3">;
  assert.deepEqual(
    again.feedForward,
    modules((m) => m.endsWith(".o")),
  );
  assert.deepEqual(
    again.targets,
    modules((m) => /\.(v|wo)$/.test(m)),
  );
});

test("of prompt tuning, rows for submodules that a backbone lacks and whole modules are refused", () => {
  for (const count of [null, 1, 2]) assert.ok(read({ ...PROMPT, num_transformer_submodules: count }));
  refuses(PROMPT, ["num_transformer_submodules", 3]);
  refuses(PROMPT, ["num_transformer_submodules", 2], smallLayout());
  refuses(PROMPT, ["modules_to_save", ["lm_head"]]);
  assert.ok(read({ ...PROMPT, modules_to_save: [], tokenizer_kwargs: { a: 1 }, prompt_tuning_init_text: "x" }));
});
