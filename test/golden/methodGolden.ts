import type { AnySizes } from "../../src/method/trained.ts";
import { regularisationOf } from "../../src/method/regularisation.ts";
import { existsSync, readdirSync } from "node:fs";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { readSafetensors, type Tensors } from "../../src/backbone/files/safetensors.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { MethodInput, type MethodSpec } from "../../src/method/methodSpec.ts";
import { methodOf } from "../../src/method/registry.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import type { Batch } from "../../src/backbone/batch.ts";
import { causalBatch, continuedBatch, labelLogits, type CausalRows } from "./causalRows.ts";
import { CPU } from "./engines.ts";
import { golden, hasGoldens, readJson } from "./shared.ts";

export interface StepRun {
  losses: number[];
  grad_norms: number[];
  learning_rates: Record<string, number>[];
}
export interface MethodGolden {
  loss: number;
  example_loss: number[];
  example_tokens: number[];
  trainable_parameters: number;
  scale?: number;
  target_modules?: string[];
  feedforward_modules?: string[];
  activation?: string;
  groups: Record<string, { lr: number; tensors: string[] }>;
  optimizer: {
    betas: [number, number];
    eps: number;
    warmup_steps: number;
    total_steps: number;
    max_grad_norm: number;
    steps: number;
  };
  greedy?: { max_new_tokens: number; new_tokens: number[][]; margins_top1_top2: number[][] };
  steps: Record<string, StepRun>;
  grad_norms?: Record<string, number>;
  float64_difference: { final_rel?: number };
}

/** What an experiment would say of a golden, which is known by its folder's name; sizes come from its tensors. */
const SPECS: Record<string, (tensors: Tensors, golden: MethodGolden) => object> = {
  adept: () => ({ kind: "adept" }),
  pt: () => ({ kind: "pt" }),
  mpt: () => ({ kind: "mpt" }),
  dept: (t, { scale }) => ({ kind: "dept", positions: t.get("a")!.dims[0], scale }),
  "adept-no-bias": () => ({ kind: "adept", variant: "no-bias" }),
  "adept-linear": () => ({ kind: "adept", variant: "linear" }),
  "adept-constant": () => ({ kind: "adept", variant: "constant" }),
  "adept-xl": () => ({ kind: "adept", variant: "deep" }),
  "adept-dropout": () => ({ kind: "adept" }),
  "adept-hybrid": (t) => ({
    kind: "adept",
    variant: "hybrid",
    positions: t.get("a")!.dims[0],
    positionRank: t.get("a")!.dims[1],
  }),
  lora: (t, { scale, target_modules: targets }) => ({ kind: "lora", alpha: scale! * sizesOf(t).rank!, targets }),
  ia3: (_, { target_modules = [], feedforward_modules: feedForward = [] }) => ({
    kind: "ia3",
    targets: target_modules.filter((name) => !feedForward.includes(name)),
    feedForward,
  }),
  adapter: (_, { activation }) => ({ kind: "adapter", activation }),
  "adapter-cross": (_, { activation }) => ({ kind: "adapter", cross: true, activation }),
  "bitfit-added": () => ({ kind: "bitfit" }),
  bitfit: () => ({ kind: "bitfit" }),
  full: () => ({ kind: "full" }),
};

const foldersIn = (...parts: string[]): string[] =>
  readdirSync(golden(...parts), { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name);

/** Every method of every model that there are numbers for. */
export const GOLDENS: [model: string, name: string][] = !hasGoldens
  ? []
  : foldersIn("methods").flatMap((model) => foldersIn("methods", model).map((name): [string, string] => [model, name]));

export function readBatch(path: string[]): Batch {
  const { input_ids, attention_mask, labels } = readJson<CausalRows>(...path);
  return {
    rows: input_ids.length,
    sourceLength: input_ids[0]!.length,
    targetLength: labels[0]!.length,
    ids: Int32Array.from(input_ids.flat()),
    mask: Float32Array.from(attention_mask.flat()),
    labels: Int32Array.from(labels.flat()),
  };
}

/** A tensor's name here for its name in a golden. */
export const ours = (name: string): string =>
  name === "prompt_embeddings" ? "prompt" : name.replace(/^base_model\.model\./, "");

/** The sizes that a golden's tensors have, by the names of all methods for them. */
function sizesOf(start: Tensors): AnySizes {
  const sizes: Record<string, number> = { promptLength: start.get("prompt")?.dims[0] ?? 0 };
  for (const [name, { dims }] of start) {
    if (name === "w_down") sizes["bottleneck"] = dims[1]!;
    if (name === "a") sizes["rank"] = dims[1]!;
    if (name.endsWith("adapter.down.weight")) sizes["bottleneck"] = dims[0]!;
    if (name.endsWith("lora_A.weight")) sizes["rank"] = dims[0]!;
  }
  return sizes;
}

/** Everything the goldens hold of one method on one model, with the model opened. */
export function openMethodGolden(model: string, name: string, engine: EngineSpec = CPU) {
  const at = ["methods", model, name];
  const folder = golden("models", model);
  const tensors = (file: string): Tensors =>
    new Map([...readSafetensors(golden(...at, file))].map(([key, t]) => [ours(key), t]));
  // Full fine-tuning starts from the model itself; dropout's parameters are those of adept.
  const source =
    name === "adept-dropout" && !existsSync(golden(...at, "params.safetensors")) ? ["methods", model, "adept"] : at;
  const { weights, layout } = openBackbone(folder);
  const start: Tensors =
    name === "full"
      ? new Map(layout.weights.map((w) => [w.name, { dims: w.dims, data: weights.read(w.name, w.dims) }]))
      : new Map([...readSafetensors(golden(...source, "params.safetensors"))].map(([key, t]) => [ours(key), t]));
  const json = readJson<MethodGolden>(...at, "golden.json");
  const sizes = { ...sizesOf(start), count: 0 };
  const spec: MethodSpec = MethodInput.parse(SPECS[name]!(start, json));
  const tuned = LocalModel.open({ folder, method: spec, sizes, engine });
  const parameters: Parameters = new Map(
    methodOf(spec.kind)
      .tensors(tuned.shape)
      .map((t) => {
        const found = start.get(t.name);
        if (found?.dims.join() !== t.sizes.join())
          throw new Error(
            `${name}: tensor ${t.name} (${t.sizes.join()}) is not the golden's (${found?.dims.join() ?? "none"})`,
          );
        return [t.name, { name: t.name, dims: t.sizes, group: t.group, data: found.data }];
      }),
  );
  const mask = name === "adept-dropout" ? tensors("output.safetensors").get("dropout_mask")?.data : undefined;
  const batchFile = ["methods", model, "batch.json"];
  const hiddenMask = mask?.map((kept) => kept / (1 - regularisationOf(spec).hiddenDropout));
  return {
    tuned,
    spec,
    parameters,
    tensors,
    hiddenMask,
    json,
    batch: layout.isCausal ? causalBatch(readJson<CausalRows>(...batchFile)) : readBatch(batchFile),
    /** The texts that greedy decoding continues. */
    greedyBatch: layout.isCausal ? continuedBatch(readJson<CausalRows>(...batchFile)) : readBatch(batchFile),
    /** The golden's logits of the labels, and its states of the text where it has them. */
    outputs: () => {
      const output = tensors("output.safetensors");
      const logits = output.get("logits")!;
      return {
        logits: layout.isCausal ? labelLogits(readJson<CausalRows>(...batchFile), logits) : logits.data,
        states: output.get("encoder_last_hidden_state")?.dims,
      };
    },
  };
}

/**
 * The values of a tensor, with 0 for those whose true gradient is 0, so that what is computed is rounding: attention
 * ignores a bias that all its keys share. In a fused layer they are the middle third.
 */
export function withoutRounding(name: string, data: Float32Array): Float32Array {
  if (name.endsWith(".k.bias")) return new Float32Array(data.length);
  if (!name.endsWith(".c_attn.bias")) return data;
  return data.map((value, i) => (Math.floor((3 * i) / data.length) === 1 ? 0 : value));
}

/** Largest difference, as a share of the expected tensor's largest value. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
  }
  if (actual.length !== expected.length || Number.isNaN(difference)) return Infinity;
  return largest === 0 ? difference : difference / largest;
}
