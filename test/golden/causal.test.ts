import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { readSafetensors, type Tensors } from "../../src/backbone/files/safetensors.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { methodOf } from "../../src/method/registry.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import {
  batchOf,
  batchOfRows,
  causalModels,
  tokensOf,
  type ForwardCase,
  type GenerateCase,
  type Rows,
} from "./causalGolden.ts";
import { CPU, TORCH, withTorch } from "./engines.ts";
import { ours, relativeDifference } from "./methodGolden.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

const NEAR_TIE = 1e-3;
const BARE = MethodInput.parse({ kind: "lora", targets: ["none"] });

const openBare = (model: string, engine: EngineSpec): LocalModel =>
  LocalModel.open({
    folder: golden("models", model),
    method: BARE,
    sizes: { rank: 1, count: 0 },
    engine,
  });

interface MethodGolden {
  loss: number;
  trainable_parameters: number;
  scale?: number;
  target_modules?: string[];
}
interface MethodCase {
  name: string;
  spec: (tensors: Tensors, golden: MethodGolden) => object;
  sizes: (tensors: Tensors) => object;
}
const promptOf = (tensors: Tensors): number => tensors.get("prompt")!.dims[0]!;
const METHODS: MethodCase[] = [
  {
    name: "adept",
    spec: () => ({ kind: "adept" }),
    sizes: (t) => ({ promptLength: promptOf(t), bottleneck: t.get("w_down")!.dims[1] }),
  },
  { name: "pt", spec: () => ({ kind: "pt" }), sizes: (t) => ({ promptLength: promptOf(t) }) },
  { name: "mpt", spec: () => ({ kind: "mpt" }), sizes: (t) => ({ promptLength: promptOf(t) }) },
  {
    name: "dept",
    spec: (t, { scale }) => ({ kind: "dept", positions: t.get("a")!.dims[0], scale }),
    sizes: (t) => ({ promptLength: promptOf(t), rank: t.get("a")!.dims[1] }),
  },
  {
    name: "lora",
    spec: (t, { scale, target_modules: targets }) => ({ kind: "lora", targets, alpha: scale! * rankOf(t) }),
    sizes: (t) => ({ rank: rankOf(t) }),
  },
  {
    name: "ia3",
    spec: () => ({ kind: "ia3", targets: ["k_proj", "v_proj"], feedForward: ["down_proj"] }),
    sizes: () => ({}),
  },
];
const rankOf = (tensors: Tensors): number => [...tensors].find(([name]) => name.endsWith("lora_A.weight"))![1].dims[0]!;

async function forwardIsGolden(model: string, engine: EngineSpec): Promise<void> {
  const tuned = openBare(model, engine);
  const all = readSafetensors(golden("forward", `${model}.safetensors`));
  for (const [name, each] of Object.entries(readJson<Record<string, ForwardCase>>("forward", `${model}.json`))) {
    if (!("labels" in each)) continue;
    const logits = all.get(`${name}.logits`)!;
    const batch = batchOf(each);
    const { sum, tokens } = await tuned.losses(new Map(), batch);
    assert.deepEqual(tokens, each.example_tokens);
    sum.forEach((loss, row) => {
      assert.ok(Math.abs(loss / tokens[row]! / each.example_loss[row]! - 1) < 1e-5, `${name}, row ${row}: ${loss}`);
    });
    const own = (await tuned.forward(new Map(), batch)).logits.data;
    const [, length, vocabulary] = logits.dims as [number, number, number];
    let next = 0;
    each.labels.forEach((labels, row) => {
      const at = labels.flatMap((label, i) => (label >= 0 ? [i - 1] : []));
      at.forEach((place) => {
        const from = (row * length + place) * vocabulary;
        const mine = next++ * vocabulary;
        for (let v = 0; v < vocabulary; v++)
          assert.ok(Math.abs(own[mine + v]! - logits.data[from + v]!) < 1e-4, `${name}: a logit of row ${row}`);
      });
    });
    assert.equal(own.length, next * vocabulary);
  }
  await tuned.release();
}

/** Tokens up to the first near-tie, in one batch of rows of several lengths. */
async function greedyIsGolden(model: string, engine: EngineSpec): Promise<void> {
  const expected = readJson<{ generate: GenerateCase }>("forward", `${model}.json`).generate;
  const tuned = openBare(model, engine);
  const batch = batchOfRows(tokensOf(expected).map((text) => ({ text, target: [0] })));
  const found = await tuned.generate(new Map(), batch, expected.max_new_tokens);
  let compared = 0;
  expected.new_tokens.forEach((tokens, row) => {
    const margins = expected.margins_top1_top2?.[row] ?? tokens.map(() => expected.min_margin_top1_top2!);
    const tie = margins.findIndex((margin) => margin < NEAR_TIE);
    const end = tie < 0 ? undefined : tie;
    assert.deepEqual(found[row]!.slice(0, end), tokens.slice(0, end), `row ${row}`);
    compared += end ?? tokens.length;
  });
  assert.ok(compared > expected.new_tokens.length, "tokens were compared");
  await tuned.release();
}

async function stepIsGolden(model: string, { name, spec, sizes: sizesOf }: MethodCase): Promise<void> {
  const at = ["methods", model, name];
  const read = (file: string): Tensors =>
    new Map([...readSafetensors(golden(...at, file))].map(([key, t]) => [ours(key), t]));
  const start = read("params.safetensors");
  const json = readJson<MethodGolden>(...at, "golden.json");
  const folder = golden("models", model);
  const method = MethodInput.parse(spec(start, json));
  const sizes = { count: 0, ...sizesOf(start) };
  const tuned = LocalModel.open({ folder, method, sizes, engine: CPU });
  const parameters: Parameters = new Map(
    methodOf(method.kind)
      .tensors(tuned.shape)
      .map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: start.get(t.name)!.data }]),
  );
  const batch = batchOf(readJson<Rows>("methods", model, "batch.json"));
  assert.equal(
    [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0),
    json.trainable_parameters,
  );
  const lossScale = 1 / batch.labels.filter((id) => id >= 0).length;
  const { loss, gradients } = await tuned.step(parameters, batch, { lossScale });
  assert.ok(Math.abs(loss / json.loss - 1) < 1e-5, `loss ${loss} for ${json.loss}`);
  const expected = read("grads.safetensors");
  assert.deepEqual([...gradients.keys()].sort(), [...expected.keys()].sort());
  for (const [key, { data }] of expected)
    assert.ok(relativeDifference(gradients.get(key)!, data) < 1e-4, `gradient of ${key}`);
  await tuned.release();
}

/** The config that transformers 5 writes of the same model. */
function newConfigIsTheSame(model: string): void {
  const folder = golden("models", model);
  const { config, family, weights } = openBackbone(folder);
  const path = golden("models", model, "config.transformers5.json");
  const json = readJson<{ model_type: string }>("models", model, "config.transformers5.json");
  assert.deepEqual(family.read({ path, json, modelType: json.model_type }, weights).config, config);
}

function runIsGolden(model: string, engine: EngineSpec): void {
  const { device } = engine;
  test(`${device}: ${model}: logits and losses are PyTorch's, wherever rows are padded`, () =>
    forwardIsGolden(model, engine));
  test(`${device}: ${model}: greedy tokens are Hugging Face's up to the first near-tie`, () =>
    greedyIsGolden(model, engine));
}

withGoldens("causal models", () => {
  for (const model of causalModels()) {
    runIsGolden(model, CPU);
    if (existsSync(golden("models", model, "config.transformers5.json")))
      test(`${model}: its config as transformers 5 writes it says the same`, () => {
        newConfigIsTheSame(model);
      });
    for (const method of METHODS)
      if (existsSync(golden("methods", model, method.name, "params.safetensors")))
        test(`${model} ${method.name}: loss and every gradient are PyTorch's`, () => stepIsGolden(model, method));
  }
});

// Their methods' steps are checked in methods.test.ts.
withGoldens("causal models on PyTorch", () => {
  withTorch("causal models", () => {
    for (const model of causalModels()) runIsGolden(model, TORCH);
  });
});
