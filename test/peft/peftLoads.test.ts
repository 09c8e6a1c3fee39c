import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { loadAdapter, saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { writeFoldedFolder } from "../../src/adapter/foldedFolder.ts";
import { initialise } from "../../src/model/initialise.ts";
import { resolveSizes } from "../../src/method/sizes.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import type { Batch } from "../../src/backbone/batch.ts";
import { backboneLayout } from "../../src/training/prepare.ts";
import { pythonAnswers } from "./pythonAnswers.ts";

// Run by `npm run test:peft`.
const ROOT = resolve(import.meta.dirname, "../..");
const TOLERANCE = 1e-4;
/** The embedded backbone, and both kinds of T5 where they lie beside the checkout. */
const BACKBONES = [
  join(ROOT, "models/tiny-t5"),
  ...["t5v10-tiny", "t5v11-tiny"].map((name) => join(ROOT, "../shared/goldens/models", name)),
].filter((path) => existsSync(path));
const OURS = [
  { kind: "pt", promptLength: 4, promptInit: "random" },
  { kind: "lora", rank: 3, alpha: 7 },
  { kind: "lora", rank: 2, targets: ["q", "k", "o", "wo"] },
  { kind: "lora", rank: 4, targets: ["q", "wo"], ranks: { "block.0.layer.0.SelfAttention.q": 2 }, alphas: { wo: 5 } },
  { kind: "lora", rank: 3, alpha: 7, dora: true },
  { kind: "lora", rank: 3, targets: ["q", "o", "wo"], ranks: { o: 5 }, alphas: { o: 9 }, dora: true },
  { kind: "ia3" },
  { kind: "ia3", targets: ["q", "v"], feedForward: ["wo", "wi", "wi_0"] },
  { kind: "ia3", targets: ["v", "wo"], feedForward: ["o"] },
];
/** What PEFT makes by default, and with options that change the arithmetic. */
const THEIRS = [
  { peft_type: "PROMPT_TUNING", num_virtual_tokens: 5 },
  { peft_type: "LORA", r: 4, lora_alpha: 12 },
  { peft_type: "LORA", r: 4, lora_alpha: 12, use_rslora: true, target_modules: ["q", "k", "v", "o"] },
  { peft_type: "IA3" },
  // Keys that say which layers are changed, and how each of them is.
  ...[
    { rank_pattern: { "encoder.block.0.layer.0.SelfAttention.q": 2, "^decoder\\..*\\.v": 3 } },
    { alpha_pattern: { "SelfAttention.(q|v)": 3, v: 20 }, use_rslora: true, rank_pattern: { q: 9 } },
    { target_modules: "encoder\\..*\\.(q|v)" },
    { target_modules: "(?!.*EncDec)decoder\\.block\\.[0-9]+.*?(?P<which>[qk]|w[io](_0)?)$", exclude_modules: ["k"] },
    { exclude_modules: "decoder\\..*" },
    { exclude_modules: ["SelfAttention.q", "encoder.block.1.layer.0.SelfAttention.v"] },
    { target_modules: "all-linear" },
    { target_modules: ["q", "wo"], layers_to_transform: 1 },
    { target_modules: ["q", "v"], layers_to_transform: [0, 1], layers_pattern: "layer" },
    { target_modules: ["q", "v"], layers_to_transform: [0], layers_pattern: ["h", "block"], exclude_modules: [] },
    { bias: "all", modules_to_save: [], trainable_token_indices: null, loftq_config: {}, lora_dropout: 0.3 },
    { init_lora_weights: "gaussian" },
    { init_lora_weights: "orthogonal", bias: "lora_only" },
    { init_lora_weights: "MiCA", r: 2, fan_in_fan_out: true },
    // Starts that change the backbone, by the way out that their refusal names.
    { init_lora_weights: "pissa", converted: true },
    { init_lora_weights: "olora", converted: true, use_rslora: true },
    { use_dora: true },
    {
      use_dora: true,
      use_rslora: true,
      target_modules: ["q", "wo", "lm_head"],
      rank_pattern: { wo: 2 },
      alpha_pattern: { q: 5 },
    },
  ].map((keys) => ({ peft_type: "LORA", r: 4, lora_alpha: 12, ...keys })),
  {
    peft_type: "IA3",
    target_modules: ".*\\.(k|v|wo)",
    feedforward_modules: ".*\\.wo",
    exclude_modules: ["EncDecAttention.v"],
  },
  { peft_type: "IA3", target_modules: ["v", "o", "wo"], feedforward_modules: ["o"] },
  { peft_type: "IA3", target_modules: "all-linear", feedforward_modules: [] },
];

interface Logits {
  dims: number[];
  data: number[];
}
const IDS = [
  [5, 17, 42, 8, 1],
  [9, 3, 1, 0, 0],
];
const MASK = [
  [1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0],
];
const LABELS = [
  [11, 4, 1],
  [6, 1, -100],
];
const BATCH: Batch = {
  rows: 2,
  sourceLength: 5,
  targetLength: 3,
  ids: Int32Array.from(IDS.flat()),
  mask: Float32Array.from(MASK.flat()),
  labels: Int32Array.from(LABELS.flat()),
};

/** Methods that a plain T5 holds, or a plain T5 with a file of its input beside it. */
const FOLDED = [
  { kind: "lora", rank: 3, alpha: 7, targets: ["q", "v", "wo"] },
  { kind: "lora", rank: 3, alpha: 7, targets: ["q", "v", "wo"], ranks: { wo: 5 }, alphas: { q: 2 }, dora: true },
  { kind: "ia3" },
  { kind: "full" },
  { kind: "pt", promptLength: 4, promptInit: "random" },
  { kind: "mpt", promptLength: 3, promptInit: "random" },
  { kind: "adept", promptLength: 3, bottleneck: 5 },
  { kind: "adept", promptLength: 0, bottleneck: 5, variant: "linear" },
  { kind: "adept", promptLength: 2, bottleneck: 5, variant: "deep" },
  { kind: "adept", promptLength: 2, variant: "constant" },
  { kind: "adept", promptLength: 2, bottleneck: 5, variant: "hybrid", positions: 8 },
  { kind: "dept", promptLength: 2, rank: 3, positions: 8, scale: 1.7 },
];

function temporary(t: TestContext): { adapter: string; batch: string } {
  const folder = mkdtempSync(join(tmpdir(), "adept-peft-"));
  const batch = join(folder, "batch.json");
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(batch, JSON.stringify({ input_ids: IDS, attention_mask: MASK, labels: LABELS }));
  return { adapter: join(folder, "adapter"), batch };
}

const peft = pythonAnswers<Logits>("peft_logits.py");

function assertEqual(ours: { dims: readonly number[]; data: ArrayLike<number> }, theirs: Logits): void {
  assert.deepEqual([...ours.dims], theirs.dims);
  const largest = theirs.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = theirs.data.reduce((most, value, i) => Math.max(most, Math.abs(value - ours.data[i]!)), 0);
  assert.ok(largest > 0 && difference < TOLERANCE * largest, `${difference} of ${largest}`);
}

for (const folder of BACKBONES) {
  for (const [input, inFolder] of [
    ...OURS.map((each) => [each, false] as const),
    ...FOLDED.map((each) => [each, true] as const),
  ]) {
    test(`${basename(folder)}: ${inFolder ? "transformers loads the folded" : "PEFT loads our"} ${JSON.stringify(input)} with the same logits`, async (t) => {
      const { adapter, batch } = temporary(t);
      const spec = MethodInput.parse(input);
      const sizes = resolveSizes(spec, backboneLayout(folder));
      const tuned = LocalModel.open({
        folder,
        method: spec,
        sizes,
        engine: { device: "cpu", threads: 1, replicas: 1 },
      });
      const random = new MersenneTwister(3);
      try {
        const source = {
          embedding: (id: number) => tuned.embeddings.row(id),
          width: tuned.width,
          vocabularySize: tuned.vocabularySize,
          promptIds: [7, 3],
          weight: (name: string, dims: readonly number[]) => tuned.weight(name, dims),
        };
        const noise = spec.kind === "full" ? 0.02 : 0.3;
        const parameters = new Map(
          [...initialise(tuned.shape, source, random)].map(([name, each]) => [
            name,
            { ...each, data: each.data.map((v) => v + noise * random.normal()) },
          ]),
        );
        mkdirSync(adapter);
        if (inFolder) writeFoldedFolder(adapter, { spec, sizes, parameters }, folder);
        else saveAdapter(adapter, { spec, sizes, parameters }, { backbone: folder, layout: tuned.layout });
        assertEqual(
          (await tuned.forward(parameters, BATCH)).logits,
          await (inFolder ? peft(adapter, "-", batch) : peft(folder, adapter, batch)),
        );
      } finally {
        await tuned.release();
      }
    });
  }
  for (const start of ["pissa", "pissa_niter_4", "olora"])
    test(`${basename(folder)}: ${start} as PEFT saves it is refused, since its numbers need another backbone`, async (t) => {
      const { adapter, batch } = temporary(t);
      await peft(folder, adapter, batch, JSON.stringify({ peft_type: "LORA", r: 4, init_lora_weights: start }));
      assert.throws(() => loadAdapter(adapter, backboneLayout(folder)), /"init_lora_weights" is "(pissa|olora)/);
    });
  for (const options of THEIRS) {
    test(`${basename(folder)}: we load PEFT's own ${JSON.stringify(options)} with the same logits`, async (t) => {
      const { adapter, batch } = temporary(t);
      const theirs = await peft(folder, adapter, batch, JSON.stringify(options));
      const { spec, sizes, parameters } = loadAdapter(adapter, backboneLayout(folder));
      const tuned = LocalModel.open({
        folder,
        method: spec,
        sizes,
        engine: { device: "cpu", threads: 1, replicas: 1 },
      });
      try {
        assertEqual((await tuned.forward(parameters, BATCH)).logits, theirs);
      } finally {
        await tuned.release();
      }
    });
  }
}
