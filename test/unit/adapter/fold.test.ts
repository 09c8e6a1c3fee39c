import assert from "node:assert/strict";
import { test } from "node:test";
import type { Adapter } from "../../../src/adapter/adapterFolder.ts";
import { checkFoldable, foldedTensor } from "../../../src/adapter/fold.ts";
import type { BackboneLayout, LinearLayer } from "../../../src/backbone/layout.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { smallLayout } from "../method/smallLayout.ts";

const random = new MersenneTwister(2);
const draw = (count: number): Float32Array => new Float32Array(count).map(() => random.normal());

/** An adapter of random values. */
function adapterOf(input: object, layout: BackboneLayout): Adapter {
  const spec = MethodInput.parse(input);
  const sizes = resolveSizes(spec, layout);
  const tensors = methodOf(spec.kind).tensors({ spec, sizes, layout });
  return {
    spec,
    sizes,
    parameters: new Map(
      tensors.map(({ name, sizes: dims, group }) => [
        name,
        { name, dims, group, data: draw(dims.reduce((a, b) => a * b, 1)) },
      ]),
    ),
  };
}

/** y = W x + b, with W as it is stored. */
function output({ in: from, out, isTransposed = false }: LinearLayer, weight: Float32Array, x: Float32Array): number[] {
  return Array.from({ length: out }, (_, o) => {
    let sum = 0;
    for (let i = 0; i < from; i++) sum += weight[isTransposed ? i * out + o : o * from + i]! * x[i]!;
    return sum;
  });
}

const near = (actual: readonly number[], expected: readonly number[], what: string): void => {
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) < 1e-5, `${what}: ${actual[i]} for ${value}`);
  });
};

for (const isTransposed of [false, true]) {
  const layout = smallLayout({ isTransposed, biases: ["h.0.attn.qkv_proj", "h.0.mlp.fc_out"] });
  const [attention, , feedForward] = layout.linears as [LinearLayer, LinearLayer, LinearLayer];
  const how = isTransposed ? "stored as (in, out)" : "stored as (out, in)";
  const fold = (adapter: Adapter, linear: LinearLayer, part: "weight" | "bias", data: Float32Array): Float32Array =>
    foldedTensor(adapter, { name: `${linear.module}.${part}`, linear, part, read: () => data });

  test(`a folded LoRA of a layer ${how} gives y + (alpha / r) B A x, with the same bias`, () => {
    const adapter = adapterOf({ kind: "lora", rank: 2, alpha: 3 }, layout);
    const weight = draw(48);
    const x = draw(4);
    const value = (name: string): Float32Array => adapter.parameters.get(`${attention.module}.${name}`)!.data;
    const low = output({ module: "A", in: 4, out: 2 }, value("lora_A.weight"), x);
    const update = output({ module: "B", in: 2, out: 12 }, value("lora_B.weight"), Float32Array.from(low));
    near(
      output(attention, fold(adapter, attention, "weight", weight), x),
      output(attention, weight, x).map((y, i) => y + 1.5 * update[i]!),
      "output",
    );
    const bias = draw(12);
    assert.deepEqual(fold(adapter, attention, "bias", bias), bias);
    assert.deepEqual(fold(adapter, feedForward, "weight", weight), weight);
  });

  test(`a folded DoRA of a layer ${how} gives m / ||W + s B A|| (W + s B A) x, with the same bias`, () => {
    const adapter = adapterOf({ kind: "lora", rank: 2, alpha: 3, ranks: { qkv_proj: 1 }, dora: true }, layout);
    const weight = draw(48);
    const value = (name: string): Float32Array => adapter.parameters.get(`${attention.module}.${name}`)!.data;
    const [a, b, magnitude] = [value("lora_A.weight"), value("lora_B.weight"), value("lora_magnitude_vector")];
    const rows = Array.from({ length: 12 }, (_, o) =>
      Array.from({ length: 4 }, (__, i) => weight[isTransposed ? i * 12 + o : o * 4 + i]! + 3 * b[o]! * a[i]!),
    );
    const x = draw(4);
    near(
      output(attention, fold(adapter, attention, "weight", weight), x),
      rows.map((row, o) => (magnitude[o]! / Math.hypot(...row)) * row.reduce((sum, w, i) => sum + w * x[i]!, 0)),
      "output",
    );
    const bias = draw(12);
    assert.deepEqual(fold(adapter, attention, "bias", bias), bias);
  });

  test(`a folded IA3 of layers ${how} scales output and bias of the one, the input alone of the other`, () => {
    const adapter = adapterOf({ kind: "ia3" }, layout);
    const scale = (linear: LinearLayer): Float32Array => adapter.parameters.get(`${linear.module}.ia3_l`)!.data;
    const x = draw(4);
    const weight = draw(48);
    const bias = draw(12);
    const l = scale(attention);
    near(
      output(attention, fold(adapter, attention, "weight", weight), x),
      output(attention, weight, x).map((y, i) => y * l[i]!),
      "scaled output",
    );
    near(
      [...fold(adapter, attention, "bias", bias)],
      [...bias].map((b, i) => b * l[i]!),
      "scaled bias",
    );
    const inner = draw(6);
    const other = draw(24);
    near(
      output(feedForward, fold(adapter, feedForward, "weight", other), inner),
      output(
        feedForward,
        other,
        inner.map((value, i) => value * scale(feedForward)[i]!),
      ),
      "scaled input",
    );
    const same = draw(4);
    assert.deepEqual(fold(adapter, feedForward, "bias", same), same);
  });
}

test("what a causal model cannot hold is refused: offsets by place, new biases, added layers", () => {
  const layout = smallLayout();
  const check = (input: object, at = layout) => {
    checkFoldable(adapterOf(input, at), at);
  };
  assert.throws(() => {
    check({ kind: "dept", promptLength: 1, rank: 1, positions: 3 });
  }, /offsets depend on a token's place/);
  assert.throws(() => {
    check({ kind: "adept", variant: "hybrid", promptLength: 1, bottleneck: 1, positions: 3, positionRank: 1 });
  }, /offsets depend on a token's place/);
  assert.throws(() => {
    check({ kind: "bitfit" });
  }, /its backbone has no biases/);
  assert.throws(() => {
    check({ kind: "adapter", bottleneck: 1 });
  }, /its backbone has no layers/);
  check({ kind: "bitfit" }, smallLayout({ biases: ["h.0.ln"] }));
  check({ kind: "adept", promptLength: 1, bottleneck: 1 });
});

test("offsets that generated tokens do not get cannot be in the table that they share with the text", () => {
  const adept = { kind: "adept", promptLength: 1, bottleneck: 1 };
  const causal = smallLayout();
  const check = (offsetTokens: object, layout = causal): void => {
    checkFoldable(adapterOf({ ...adept, offsetTokens }, layout), layout);
  };
  assert.throws(() => {
    check({ training: "all", generation: "text" });
  }, /generated tokens get no offsets/);
  check({ training: "text", generation: "all" });
  // A decoder has a table of its own use: its tokens never had offsets.
  check({ training: "text", generation: "text" }, { ...causal, isCausal: false });
});

test("a head that is shared with the embedding is changed apart in a causal model, and refused in an encoder-decoder", () => {
  const layout = smallLayout();
  const adapter = adapterOf({ kind: "ia3", targets: ["qkv_proj"], feedForward: ["head"] }, layout);
  checkFoldable(adapter, layout);
  assert.throws(() => {
    checkFoldable(adapter, { ...layout, isCausal: false });
  }, /changes head, whose weight this backbone shares with the embedding/);
});
