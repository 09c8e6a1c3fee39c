import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inputParts, tokenOffsets } from "../../src/adapter/fold.ts";
import type { TokenRows } from "../../src/backbone/tokenRows.ts";
import { readSafetensors, writeSafetensors, type Tensors } from "../../src/backbone/files/safetensors.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { isFixed } from "../../src/method/fixed.ts";
import { MethodInput, type MethodSpec } from "../../src/method/methodSpec.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { countParameters } from "../../src/method/sizes.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { initialise } from "../../src/model/initialise.ts";
import { tokenCounts } from "../../src/training/batch/tokenCounts.ts";
import { CPU } from "../golden/engines.ts";
import { relativeDifference } from "../golden/methodGolden.ts";
import { batchOf } from "./batchOfRows.ts";
import { modelFolder, type Row } from "./causalReferences.ts";

// Each option of ADePT, alone and together, against a direct computation in PyTorch; adept_options.py has the formulas.
const PYTHON = join(import.meta.dirname, "../cache/python/bin/python");
const SIZES = { promptLength: 3, bottleneck: 5 };
const NEW_TOKENS = 5;
const NEAR_TIE = 1e-3;
const OPTIONS: Record<string, object> = {
  unit: { offsetUnit: "embedding" },
  norm: { inputNorm: "rms" },
  gain: { gain: "scalar" },
  gains: { gain: "vector" },
  shared: { shareBelow: 2 },
  text: { offsetTokens: { training: "text", generation: "text" } },
  raw: { offsetTokens: { training: "all", generation: "text" } },
  late: { offsetTokens: { training: "text", generation: "all" } },
  all: {
    offsetUnit: "embedding",
    inputNorm: "rms",
    gain: "vector",
    shareBelow: 2,
    offsetTokens: { training: "text", generation: "text" },
  },
};
// Texts that share some of their tokens, of different lengths, and a target of one token.
const ROWS: Row[] = [
  { text: [9, 31, 7, 40, 12], target: [20, 9, 33, 8] },
  { text: [12], target: [9, 20] },
  { text: [31, 31, 9, 44, 45, 46, 20], target: [61] },
];

interface Result {
  unit: number;
  loss: number;
  losses: number[];
  greedy: { tokens: number[]; margins: number[] }[];
}
interface Opened {
  spec: MethodSpec;
  model: LocalModel;
  parameters: Parameters;
}

function opened(folder: string, options: object): Opened {
  const spec = MethodInput.parse({ kind: "adept", ...options });
  const model = LocalModel.open({ folder, method: spec, sizes: { ...SIZES, count: 0 }, engine: CPU });
  const examples = ROWS.map(({ text, target }) => ({ input: "", target: "", ids: text, labels: target }));
  const source = {
    embedding: (id: number) => model.embeddings.row(id),
    width: model.width,
    vocabularySize: model.vocabularySize,
    promptIds: [9],
    weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
    tokenCounts: () => tokenCounts(examples, model.layout),
  };
  const random = new MersenneTwister(7);
  const start = initialise(model.shape, source, random);
  const scale = Math.sqrt(model.embedding.reduce((sum, x) => sum + x * x, 0) / model.embedding.length);
  // Trained tensors as after some training: no offset, bias or gain is what it starts as.
  const gains: Record<string, number> = { w_down: 1 / Math.sqrt(model.width), gain: 0.5 };
  const parameters: Parameters = new Map(
    [...start].map(([name, tensor]) => {
      if (isFixed(tensor)) return [name, tensor];
      const by = name === "w_down" && !("inputNorm" in options) ? gains["w_down"]! / scale : (gains[name] ?? 0.3);
      const data = tensor.data.map(() => (name === "gain" ? 1 : 0) + by * random.normal());
      return [name, { ...tensor, data }];
    }),
  );
  return { spec, model, parameters };
}

async function stepIsTheirs(
  { model, parameters }: Opened,
  { loss: right }: Result,
  expectedOf: (key: string) => Float32Array,
): Promise<void> {
  const { loss, gradients } = await model.step(parameters, batchOf(ROWS), { lossScale: 1 / 7 });
  assert.ok(Math.abs(loss / right - 1) < 1e-5, `loss ${loss} for ${right}`);
  const trained = [...parameters.values()].filter((tensor) => !isFixed(tensor)).map(({ name }) => name);
  assert.deepEqual([...gradients.keys()].sort(), trained.sort());
  for (const [key, gradient] of gradients) {
    const expected = expectedOf(key);
    assert.ok(
      expected.some((x) => x !== 0),
      `gradient of ${key} is 0`,
    );
    const difference = relativeDifference(gradient, expected);
    assert.ok(difference < 1e-4, `gradient of ${key}: off by ${difference}`);
  }
}

async function evaluationIsTheirs({ model, parameters }: Opened, { losses, greedy }: Result): Promise<void> {
  const batch = batchOf(ROWS);
  const whole = (await model.losses(parameters, batch)).sum;
  const scored = (await model.predict(parameters, batch, 1)).sum;
  for (const [row, right] of losses.entries())
    for (const found of [whole[row]!, scored[row]!])
      assert.ok(Math.abs(found / right - 1) < 1e-5, `row ${row}: ${found} for ${right}`);
  const found = await model.generate(parameters, batch, NEW_TOKENS, { endless: true });
  for (const [row, { tokens, margins }] of greedy.entries()) {
    const tie = margins.findIndex((margin) => margin < NEAR_TIE);
    const sure = tie < 0 ? tokens.length : tie;
    assert.deepEqual(found[row]!.slice(0, sure), tokens.slice(0, sure), `row ${row}`);
  }
}

async function hostIsGraph(id: string, { spec, model, parameters }: Opened): Promise<void> {
  const { vocabularySize, width: d, embedding } = model;
  const adapter = { spec, sizes: { ...SIZES, count: 0 }, parameters };
  const { offsets } = inputParts(adapter, model.embeddings);
  const text = Array.from({ length: 40 }, (_, i) => (i * 7) % vocabularySize);
  const rows = (table: TokenRows): Float32Array => Float32Array.from(text.flatMap((token) => [...table.row(token)]));
  const X = await model.input(parameters, batchOf([{ text, target: [1] }]));
  const embedded = rows(model.embeddings);
  const expected = X.subarray(SIZES.promptLength * d).map((x, i) => x - embedded[i]!);
  const difference = relativeDifference(rows(offsets!), expected);
  assert.ok(difference < 1e-5, `${id}: off by ${difference}`);
  const part = tokenOffsets(adapter, embedding.subarray(5 * d, 9 * d), d, 5);
  assert.deepEqual(part, offsets!.rows(5, 9).slice(), id);
}

/** What PyTorch computes of a model with the cases' parameters. */
function computed(
  model: string,
  cases: ReadonlyMap<string, Opened>,
): { results: Record<string, Result>; gradients: Tensors } {
  const folder = mkdtempSync(join(tmpdir(), "adept-options-"));
  const tensors: Tensors = new Map();
  for (const [id, { parameters }] of cases)
    for (const [key, tensor] of parameters)
      if (!isFixed(tensor)) tensors.set(`${id}/${key}`, { dims: tensor.dims, data: tensor.data });
  writeSafetensors(join(folder, "parameters.safetensors"), tensors, { format: "pt" });
  writeFileSync(join(folder, "case.json"), JSON.stringify({ methods: OPTIONS, rows: ROWS, newTokens: NEW_TOKENS }));
  try {
    execFileSync(PYTHON, [join(import.meta.dirname, "adept_options.py"), modelFolder(model), folder]);
    return {
      results: JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as Record<string, Result>,
      gradients: readSafetensors(join(folder, "gradients.safetensors")),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const name of ["llama", "gemma2", "gpt2"])
  describe(`${name}: ADePT's options`, () => {
    const cases = new Map<string, Opened>();
    let results: Record<string, Result>;
    let gradients: Tensors;

    before(() => {
      for (const [id, options] of Object.entries(OPTIONS)) cases.set(id, opened(modelFolder(name), options));
      ({ results, gradients } = computed(name, cases));
    });
    after(async () => {
      for (const { model } of cases.values()) await model.release();
    });

    for (const id of Object.keys(OPTIONS)) {
      test(`${id}: the step's loss and every gradient are PyTorch's, and nothing else has one`, async () => {
        await stepIsTheirs(cases.get(id)!, results[id]!, (key) => gradients.get(`${id}/${key}`)!.data);
      });

      test(`${id}: losses, scores and greedy tokens of evaluation are PyTorch's`, async () => {
        await evaluationIsTheirs(cases.get(id)!, results[id]!);
      });
    }

    test("the host's offsets, of the table or of a part of it, are those of the graph", async () => {
      for (const [id, each] of cases) await hostIsGraph(id, each);
    });

    test("what is computed at step 0 is no parameter", () => {
      const { layout } = cases.get("all")!.model;
      const count = (options: object): number =>
        countParameters(MethodInput.parse({ kind: "adept", ...options }), SIZES, layout);
      const plain = count({});
      assert.equal(count({ offsetUnit: "embedding", inputNorm: "rms" }), plain);
      assert.equal(count({ gain: "scalar" }), plain + 1);
      assert.equal(count({ gain: "vector" }), plain + layout.width);
      assert.equal(count({ shareBelow: 5 }), plain + layout.width);
    });
  });
