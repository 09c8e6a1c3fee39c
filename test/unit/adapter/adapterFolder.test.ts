import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { isFixed } from "../../../src/method/fixed.ts";
import { defaultRates } from "../../../src/method/learningRates.ts";
import { loadAdapter, saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { initialise } from "../../../src/model/initialise.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";

const folder = backboneFolder("tiny-t5");
const layout = backboneLayout(folder);
const METHODS = [
  { kind: "adept", promptLength: 3, bottleneck: 2 },
  ...["no-bias", "linear", "constant", "table", "deep"].map((variant) => ({
    kind: "adept",
    promptLength: 3,
    bottleneck: 2,
    variant,
  })),
  { kind: "adept", promptLength: 0, bottleneck: 2, variant: "hybrid", positions: 9, positionRank: 2 },
  {
    kind: "adept",
    promptLength: 3,
    bottleneck: 2,
    offsetUnit: "embedding",
    inputNorm: "rms",
    gain: "vector",
    rateUnits: ["prompt", "ffn"],
    shareBelow: 3,
    offsetTokens: { training: "text", generation: "all" },
  },
  { kind: "dept", promptLength: 3, rank: 2, positions: 9, scale: 2 },
  { kind: "pt", promptLength: 3 },
  { kind: "mpt", promptLength: 3 },
  { kind: "lora", rank: 2, alpha: 7, targets: ["q", "k", "wi"] },
  { kind: "lora", rank: 2, targets: ["q", "wo"], ranks: { q: 3 }, alphas: { wo: 5 }, dora: true },
  { kind: "ia3" },
  { kind: "adapter", bottleneck: 2, cross: true, activation: "relu" },
  { kind: "bitfit" },
  { kind: "full" },
].map((input) => MethodInput.parse({ ...input, ...("promptLength" in input && { promptInit: "random" }) }));
const batch = {
  rows: 2,
  sourceLength: 3,
  targetLength: 2,
  ids: Int32Array.from([5, 6, 1, 7, 1, 0]),
  mask: Float32Array.from([1, 1, 1, 1, 1, 0]),
  labels: Int32Array.from([20, 1, 21, 1]),
};

for (const spec of METHODS) {
  const name = `${spec.kind}${spec.kind === "adept" ? ` ${spec.variant} ${spec.gain ?? ""}` : ""}`.trim();
  test(`${name}: the folder it is saved in gives back method, sizes and bits, and the same losses`, async () => {
    const path = mkdtempSync(join(tmpdir(), "adept-adapter-"));
    const sizes = resolveSizes(spec, layout);
    const model = LocalModel.open({
      folder,
      method: spec,
      sizes,
      engine: { device: "cpu", threads: 1, replicas: 1 },
    });
    try {
      const random = new MersenneTwister(5);
      const source = {
        embedding: (id: number) => model.embeddings.row(id),
        width: model.width,
        vocabularySize: model.vocabularySize,
        promptIds: [],
        weight: (tensor: string, dims: readonly number[]) => model.weight(tensor, dims),
      };
      const initial = initialise(model.shape, source, random);
      const groups = new Set([...initial.values()].flatMap((tensor) => (isFixed(tensor) ? [] : [tensor.group])));
      assert.deepEqual([...groups].sort(), Object.keys(defaultRates(spec)).sort());
      const parameters = new Map(
        [...initial].map(([key, t]) => [key, { ...t, data: t.data.map((v) => v + 0.02 * random.normal()) }]),
      );
      saveAdapter(path, { spec, sizes, parameters }, { backbone: "tiny-t5", layout });
      const loaded = loadAdapter(path, layout);
      assert.deepEqual(loaded.parameters, parameters);
      assert.deepEqual(loaded.sizes, sizes);
      const again = LocalModel.open({
        folder,
        method: loaded.spec,
        sizes: loaded.sizes,
        engine: { device: "cpu", threads: 1, replicas: 1 },
      });
      try {
        assert.deepEqual(await again.losses(loaded.parameters, batch), await model.losses(parameters, batch));
        assert.notDeepEqual(await model.losses(initial, batch), await model.losses(parameters, batch));
      } finally {
        await again.release();
      }
    } finally {
      await model.release();
      rmSync(path, { recursive: true });
    }
  });
}

test("a config that cannot be read is refused with the key and its value", () => {
  const path = mkdtempSync(join(tmpdir(), "adept-adapter-"));
  const lora = { peft_type: "LORA", r: 4, lora_alpha: 8, target_modules: ["q"] };
  for (const [config, said] of [
    [{ ...lora, r: 0 }, '"r" is 0'],
    [{ ...lora, lora_alpha: -1 }, '"lora_alpha" is -1'],
    [{ ...lora, rank_pattern: { v: 0 } }, '"rank_pattern.v" is 0'],
    [{ ...lora, target_modules: [7] }, '"target_modules" is [7]'],
    [{ ...lora, use_dora: "yes" }, '"use_dora" is "yes"'],
    [{ ...lora, peft_type: "PREFIX_TUNING" }, '"peft_type" is "PREFIX_TUNING"'],
    [{ r: 4 }, '"peft_type" is absent'],
  ] as const) {
    writeFileSync(join(path, "adapter_config.json"), JSON.stringify(config));
    assert.throws(
      () => loadAdapter(path, layout),
      (error) => error instanceof UserError && error.message.includes(said) && (error.action ?? "").length > 20,
      said,
    );
  }
  rmSync(path, { recursive: true });
});

test("every method but the prompt's starts as the bare backbone does", async () => {
  const bare = MethodInput.parse({ kind: "pt", promptInit: "random" });
  const model = LocalModel.open({
    folder,
    method: bare,
    sizes: { promptLength: 0, bottleneck: 0, count: 0 },
    engine: { device: "cpu", threads: 1, replicas: 1 },
  });
  const expected = await model.losses(
    new Map([["prompt", { name: "prompt", dims: [0, layout.width], group: "prompt", data: new Float32Array() }]]),
    batch,
  );
  await model.release();
  for (const spec of METHODS.filter(({ kind }) => ["lora", "ia3", "adapter", "bitfit", "full"].includes(kind))) {
    const at = LocalModel.open({
      folder,
      method: spec,
      sizes: resolveSizes(spec, layout),
      engine: { device: "cpu", threads: 1, replicas: 1 },
    });
    const source = {
      embedding: (id: number) => at.embeddings.row(id),
      width: at.width,
      vocabularySize: at.vocabularySize,
      promptIds: [],
      weight: (tensor: string, dims: readonly number[]) => at.weight(tensor, dims),
    };
    const { sum } = await at.losses(initialise(at.shape, source, new MersenneTwister(1)), batch);
    sum.forEach((loss, i) => {
      assert.ok(Math.abs(loss / expected.sum[i]! - 1) < 1e-5, spec.kind);
    });
    await at.release();
  }
});
