import assert from "node:assert/strict";
import { test } from "node:test";
import { toConfig } from "../../../src/adapter/adapterConfig.ts";
import type { BackboneLayout } from "../../../src/backbone/layout.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { UserError } from "../../../src/base/errors.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { tooFewPositions } from "../../../src/method/positionNeed.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { checkTargets, resolveSizes } from "../../../src/method/sizes.ts";
import { smallLayout } from "./smallLayout.ts";

const spec = (input: object) => MethodInput.parse(input);
const namesOf = (input: object, layout: BackboneLayout): string[] => {
  const method = spec(input);
  return methodOf(method.kind)
    .tensors({ spec: method, sizes: resolveSizes(method, layout), layout })
    .map(({ name }) => name);
};

test("without targets LoRA and IA3 change the layers that the layout says; named ones win", () => {
  const layout = smallLayout();
  assert.deepEqual(namesOf({ kind: "lora" }, layout), [
    "h.0.attn.qkv_proj.lora_A.weight",
    "h.0.attn.qkv_proj.lora_B.weight",
  ]);
  assert.deepEqual(namesOf({ kind: "ia3" }, layout), ["h.0.attn.qkv_proj.ia3_l", "h.0.mlp.fc_out.ia3_l"]);
  assert.deepEqual(namesOf({ kind: "ia3", targets: ["attn.out_proj"], feedForward: [] }, layout), [
    "h.0.attn.out_proj.ia3_l",
  ]);
});

test("a target that names no layer is refused at its key, with the layers there are and the nearest", () => {
  const refused = (input: object): UserError => {
    try {
      checkTargets(spec(input), smallLayout());
    } catch (error) {
      if (error instanceof UserError) return error;
    }
    throw new Error("it is accepted");
  };
  const one = refused({ kind: "lora", targets: ["out_proj", "qkv_prj"] });
  assert.match(one.message, /method\.targets: this backbone has no linear layer "qkv_prj"/);
  assert.match(one.action!, /Its layers are qkv_proj, out_proj, fc_out, head\. Did you mean "qkv_proj"\?/);
  assert.deepEqual(one.keys, ["method", "targets"]);
  assert.deepEqual(refused({ kind: "ia3", feedForward: ["wo"] }).keys, ["method", "feedForward"]);
  assert.deepEqual(refused({ kind: "lora", ranks: { qkv_proj: 2, wo: 2 } }).keys, ["method", "ranks"]);
  assert.deepEqual(refused({ kind: "lora", alphas: { wo: 2 } }).keys, ["method", "alphas"]);
  // A run of version 1 may have such a list.
  assert.equal(resolveSizes(spec({ kind: "lora", rank: 1, targets: ["qkv_proj", "wi_0"] }), smallLayout()).count, 16);
});

test("BitFit trains the biases that a backbone has, from their own values, and adds some only where it has none", () => {
  assert.deepEqual(namesOf({ kind: "bitfit" }, smallLayout()), [
    "h.0.attn.qkv_proj.bias",
    "h.0.attn.out_proj.bias",
    "h.0.mlp.fc_out.bias",
    "head.bias",
    "h.0.ln.bias",
  ]);
  const layout = smallLayout({ biases: ["h.0.attn.qkv_proj", "h.0.ln"] });
  assert.deepEqual(namesOf({ kind: "bitfit" }, layout), ["h.0.attn.qkv_proj.bias", "h.0.ln.bias"]);
  const method = spec({ kind: "bitfit" });
  const initial = (at: BackboneLayout): Float32Array => {
    const shape = { spec: method, sizes: {}, layout: at };
    const source = {
      embedding: () => new Float32Array(4),
      width: 4,
      vocabularySize: 9,
      promptIds: [],
      weight: (name: string) => Float32Array.of(name.length),
    };
    return methodOf("bitfit").initial(methodOf("bitfit").tensors(shape)[0]!, shape, source, new MersenneTwister(1));
  };
  assert.deepEqual([...initial(layout)], ["h.0.attn.qkv_proj.bias".length]);
  assert.deepEqual([...initial(smallLayout())], new Array(12).fill(0));
  const typeOn = (at: BackboneLayout): unknown => toConfig(method, {}, { backbone: "b", layout: at })["peft_type"];
  assert.deepEqual([typeOn(layout), typeOn(smallLayout())], ["BITFIT", "BITFIT_ADDED"]);
});

test("PEFT's files say fan_in_fan_out where a changed layer is stored transposed, and what the model does", () => {
  const config = (kind: string, isTransposed: boolean) =>
    toConfig(spec({ kind }), { rank: 8 }, { backbone: "b", layout: smallLayout({ isTransposed }) });
  for (const kind of ["lora", "ia3"]) {
    assert.equal(config(kind, true)["fan_in_fan_out"], true, kind);
    assert.equal(config(kind, false)["fan_in_fan_out"], false, kind);
    assert.equal(config(kind, false)["task_type"], "CAUSAL_LM");
  }
  const encoded = toConfig(
    spec({ kind: "lora" }),
    { rank: 8 },
    { backbone: "b", layout: { ...smallLayout(), isCausal: false } },
  );
  assert.equal(encoded["task_type"], "SEQ_2_SEQ_LM");
});

test("a position table has rows for text and target of a causal model, and its adapter says how many", () => {
  const causal = smallLayout();
  const encoder = { ...causal, isCausal: false };
  const rowsOf = (input: object, layout: BackboneLayout): number =>
    methodOf("dept").tensors({ spec: spec(input), sizes: { promptLength: 1, rank: 2 }, layout })[1]!.sizes[0]!;
  assert.deepEqual([rowsOf({ kind: "dept" }, encoder), rowsOf({ kind: "dept" }, causal)], [256, 512]);
  assert.equal(rowsOf({ kind: "dept", positions: 30 }, causal), 30);
  const dept = spec({ kind: "dept", positions: 30 });
  assert.equal(tooFewPositions(dept, encoder, { text: 30, target: 20 }), undefined);
  assert.equal(tooFewPositions(dept, causal, { text: 10, target: 20 }), undefined);
  assert.deepEqual(tooFewPositions(dept, causal, { text: 11, target: 20 }), { rows: 30, needed: 31 });
  const hybrid = spec({ kind: "adept", variant: "hybrid", positions: 30 });
  assert.deepEqual(tooFewPositions(hybrid, causal, { text: 11, target: 20 }), { rows: 30, needed: 31 });
  assert.equal(tooFewPositions(spec({ kind: "adept" }), causal, { text: 1000, target: 20 }), undefined);
  const written = toConfig(spec({ kind: "dept" }), { promptLength: 1, rank: 2 }, { backbone: "b", layout: causal });
  assert.deepEqual(written["method"], {
    kind: "dept",
    promptInit: "text",
    initText: "Classify this text:",
    positions: 512,
    scale: "official",
  });
});
