import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Adapter } from "../../src/adapter/adapterFolder.ts";
import { loadAdapter, saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { writeFoldedFolder } from "../../src/adapter/foldedFolder.ts";
import type { Batch } from "../../src/backbone/batch.ts";
import type { BackboneLayout } from "../../src/backbone/layout.ts";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { MethodInput, type MethodSpec } from "../../src/method/methodSpec.ts";
import { methodOf } from "../../src/method/registry.ts";
import { resolveSizes } from "../../src/method/sizes.ts";
import { lastPart } from "../../src/method/target.ts";
import { initialise } from "../../src/model/initialise.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { modelFolder } from "../models/causalReferences.ts";
import { pythonAnswers } from "./pythonAnswers.ts";

// Small random models of every family (test/models/prepare.sh makes them): transformers and PEFT load what is exported.
const MODELS = [
  "llama",
  "llama-bias",
  "llama-sharded-bf16",
  "mistral",
  "qwen2",
  "qwen3",
  "smollm3",
  "gemma2",
  "gemma3",
  "phi3-window",
  "olmo2",
  "gpt2",
  "gpt-neox",
  "codegen",
];
const TOLERANCE = 1e-4;
/** Two tokens nearer than this may change places by rounding. */
const NEAR_TIE = 1e-3;
const NEW_TOKENS = 8;
const CPU = { device: "cpu", threads: 1, replicas: 1 } as const;

/** Texts and targets of different lengths; a target's first token follows a text of one token too. */
const ROWS: [text: number[], target: number[]][] = [
  [
    [5, 17, 42, 8, 91, 60],
    [11, 4, 70],
  ],
  [[9], [6, 31]],
  [
    [33, 80, 12],
    [7, 7, 50, 3],
  ],
];

interface RowAnswer {
  logits: number[];
  tokens: number[];
  margins: number[];
}
const peft = pythonAnswers<{ rows: RowAnswer[] }>("causal_peft.py");

const padded = (rows: readonly number[][], pad: number): { length: number; data: Int32Array } => {
  const length = Math.max(...rows.map((row) => row.length));
  return { length, data: Int32Array.from(rows.flatMap((row) => Array.from({ length }, (_, i) => row[i] ?? pad))) };
};

function batchOfRows(): Batch {
  const ids = padded(
    ROWS.map(([text]) => text),
    -1,
  );
  const labels = padded(
    ROWS.map(([, target]) => target),
    -100,
  );
  return {
    rows: ROWS.length,
    sourceLength: ids.length,
    targetLength: labels.length,
    ids: ids.data.map((id) => Math.max(0, id)),
    mask: Float32Array.from(ids.data, (id) => (id < 0 ? 0 : 1)),
    labels: labels.data,
  };
}

const openModel = (folder: string, method: MethodSpec, sizes: Adapter["sizes"]): LocalModel =>
  LocalModel.open({ folder, method, sizes, engine: CPU });

/** The start values of a method, moved so that every one of them matters. */
function moved(model: LocalModel): Adapter["parameters"] {
  const random = new MersenneTwister(3);
  const source = {
    embedding: (id: number) => model.embeddings.row(id),
    width: model.width,
    vocabularySize: model.vocabularySize,
    promptIds: [7, 3],
    weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
  };
  const noise = model.shape.spec.kind === "full" ? 0.02 : 0.3;
  return new Map(
    [...initialise(model.shape, source, random)].map(([name, each]) => [
      name,
      { ...each, data: each.data.map((v) => v + noise * random.normal()) },
    ]),
  );
}

/** Logits of the targets and greedy tokens of the rows against those of Python. */
async function assertEqual(model: LocalModel, parameters: Adapter["parameters"], theirs: RowAnswer[]): Promise<void> {
  const batch = batchOfRows();
  const logits = [...((await model.forward(parameters, batch)).logits.data as Float32Array)];
  const expected = theirs.flatMap((row) => row.logits);
  assert.equal(logits.length, expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - logits[i]!)), 0);
  assert.ok(largest > 0 && difference < TOLERANCE * largest, `${difference} of ${largest}`);
  const generated = await model.generate(parameters, batch, NEW_TOKENS);
  theirs.forEach(({ tokens, margins }, row) => {
    const tie = margins.findIndex((margin) => margin < NEAR_TIE);
    const end = tie < 0 ? undefined : tie;
    assert.deepEqual(generated[row]!.slice(0, end), tokens.slice(0, end), `row ${row}`);
  });
}

function temporary(t: TestContext): { adapter: string; rows: string } {
  const folder = mkdtempSync(join(tmpdir(), "adept-causal-peft-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const rows = join(folder, "rows.json");
  writeFileSync(rows, JSON.stringify(ROWS));
  return { adapter: join(folder, "adapter"), rows };
}

/** Every kind of linear layer besides the output layer, by the last part of the name. */
const everyLayer = ({ linears, head }: BackboneLayout): string[] => [
  ...new Set(linears.filter(({ module }) => module !== head.module).map(({ module }) => lastPart(module))),
];
const hasBiases = ({ weights }: BackboneLayout): boolean => weights.some(({ role }) => role === "bias");

/** Our adapters that PEFT has. */
const ours = (layout: BackboneLayout): object[] => [
  { kind: "pt", promptLength: 4, promptInit: "text" },
  { kind: "lora", rank: 3, alpha: 7 },
  { kind: "lora", rank: 2, targets: everyLayer(layout) },
  { kind: "lora", rank: 2, targets: everyLayer(layout), dora: true, ranks: { [everyLayer(layout)[0]!]: 5 } },
  { kind: "ia3" },
];

/** Methods that a plain Hugging Face folder holds, with the prompt beside it. */
const foldable = (layout: BackboneLayout): object[] => [
  { kind: "lora", rank: 3, alpha: 7 },
  { kind: "lora", rank: 2, targets: [...everyLayer(layout), lastPart(layout.head.module)] },
  { kind: "lora", rank: 2, targets: [...everyLayer(layout), lastPart(layout.head.module)], dora: true },
  { kind: "ia3" },
  { kind: "ia3", targets: everyLayer(layout).slice(0, 1), feedForward: everyLayer(layout).slice(1) },
  { kind: "full" },
  ...(hasBiases(layout) ? [{ kind: "bitfit" }] : []),
  { kind: "mpt", promptLength: 3, promptInit: "text" },
  { kind: "adept", promptLength: 3, bottleneck: 5 },
  { kind: "adept", promptLength: 0, bottleneck: 5, variant: "deep" },
  { kind: "adept", promptLength: 2, variant: "table" },
];

/** What PEFT makes by default; where it has no default layers for a type of model, ours are given. */
const theirs = ({ defaultTargets: { lora, ia3 } }: BackboneLayout): object[] => [
  { peft_type: "PROMPT_TUNING", num_virtual_tokens: 5 },
  { peft_type: "LORA", r: 4, lora_alpha: 12, without_defaults: { target_modules: lora } },
  {
    peft_type: "IA3",
    without_defaults: { target_modules: [...ia3.outputs, ...ia3.inputs], feedforward_modules: ia3.inputs },
  },
];

/** Adapters of PEFT that change some layers only, or some otherwise than the rest. */
function varied(layout: BackboneLayout): object[] {
  const every = everyLayer(layout);
  const [first = "", second = first] = every;
  // GPT-NeoX's class has another name for the output layer than its files.
  const head = layout.head.module === "lm_head" ? ["lm_head"] : [];
  return [
    { target_modules: every, use_dora: true, lora_alpha: 7 },
    { target_modules: [...every, ...head], use_dora: true, use_rslora: true, rank_pattern: { [first]: 2 } },
    { target_modules: `.*\\.[01]\\..*(${first}|${second})`, alpha_pattern: { [`(${second})`]: 3 } },
    { target_modules: "all-linear", exclude_modules: [first] },
    { target_modules: every, layers_to_transform: [1], exclude_modules: `.*${second}` },
  ].map((keys) => ({ peft_type: "LORA", r: 4, lora_alpha: 12, ...keys }));
}

const sortedEach = (names: Readonly<Record<string, readonly string[]>> = {}) =>
  Object.entries(names).map(([key, each]) => [key, [...each].sort()]);

for (const name of MODELS) {
  const folder = modelFolder(name);
  const { layout } = openBackbone(folder);
  for (const [input, inFolder] of [
    ...ours(layout).map((each) => [each, false] as const),
    ...foldable(layout).map((each) => [each, true] as const),
  ]) {
    const how = inFolder ? "transformers loads the folded" : "PEFT loads our";
    test(`${name}: ${how} ${JSON.stringify(input)} with the same logits and greedy tokens`, async (t) => {
      const { adapter, rows } = temporary(t);
      const spec = MethodInput.parse(input);
      const sizes = resolveSizes(spec, layout);
      const model = openModel(folder, spec, sizes);
      try {
        const parameters = moved(model);
        mkdirSync(adapter);
        if (inFolder) writeFoldedFolder(adapter, { spec, sizes, parameters }, folder);
        else saveAdapter(adapter, { spec, sizes, parameters }, { backbone: folder, layout });
        const answer = await (inFolder ? peft(adapter, "-", rows) : peft(folder, adapter, rows));
        await assertEqual(model, parameters, answer.rows);
      } finally {
        await model.release();
      }
    });
  }
  for (const [options, isDefault] of [
    ...theirs(layout).map((each) => [each, true] as const),
    ...varied(layout).map((each) => [each, false] as const),
  ]) {
    test(`${name}: we load PEFT's own ${JSON.stringify(options)} with the same logits and greedy tokens`, async (t) => {
      const { adapter, rows } = temporary(t);
      const answer = await peft(folder, adapter, rows, JSON.stringify(options));
      const { spec, sizes, parameters } = loadAdapter(adapter, layout);
      const byDefault = methodOf(spec.kind).targets?.(MethodInput.parse({ kind: spec.kind }), layout);
      if (isDefault) assert.deepEqual(sortedEach(methodOf(spec.kind).targets?.(spec, layout)), sortedEach(byDefault));
      const model = openModel(folder, spec, sizes);
      try {
        await assertEqual(model, parameters, answer.rows);
      } finally {
        await model.release();
      }
    });
  }
}
