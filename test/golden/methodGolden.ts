import { readSafetensors, type Tensors } from "../../src/backbone/safetensors.ts";
import { METHODS } from "../../src/method/registry.ts";
import { T5TunedModel } from "../../src/method/tunedModel.ts";
import type { Batch, Parameters } from "../../src/training/model.ts";
import { golden, readJson } from "./shared.ts";

export interface StepRun { losses: number[]; grad_norms: number[]; learning_rates: Record<string, number>[] }
export interface MethodGolden {
  loss: number; example_loss: number[]; example_tokens: number[]; trainable_parameters: number;
  groups: Record<string, { lr: number; tensors: string[] }>;
  greedy: { max_new_tokens: number; new_tokens: number[][]; margins_top1_top2: number[][] };
  steps: Record<string, StepRun>;
}
interface BatchJson { input_ids: number[][]; attention_mask: number[][]; labels: number[][] }

export function readBatch(path: string[]): Batch {
  const { input_ids, attention_mask, labels } = readJson<BatchJson>(...path);
  return {
    rows: input_ids.length, sourceLength: input_ids[0]!.length, targetLength: labels[0]!.length,
    ids: Int32Array.from(input_ids.flat()), mask: Float32Array.from(attention_mask.flat()), labels: Int32Array.from(labels.flat()),
  };
}

const ours = (name: string): string => (name === "prompt_embeddings" ? "prompt" : name);

/** Everything the goldens hold of one method on one model, with the model opened. */
export function openMethodGolden(model: string, kind: "adept" | "pt") {
  const at = ["methods", model, kind];
  const tensors = (file: string): Tensors => new Map([...readSafetensors(golden(...at, file))].map(([name, t]) => [ours(name), t]));
  const start = tensors("params.safetensors");
  const bottleneck = start.get("b_down")?.dims[0] ?? 0, promptLength = start.get("prompt")!.dims[0]!;
  const sizes = { promptLength, bottleneck, count: 0 };
  const spec = kind === "adept" ? { kind, promptInit: "text", initText: "x", dropout: 0 } as const : { kind, promptInit: "text", initText: "x" } as const;
  const tuned = T5TunedModel.open({ folder: golden("models", model), method: spec, sizes, threads: 1 });
  const parameters: Parameters = new Map(METHODS[kind].tensors(sizes, tuned.width).map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: start.get(t.name)!.data }]));
  return { tuned, parameters, tensors, json: readJson<MethodGolden>(...at, "golden.json"), batch: readBatch(["methods", model, "batch.json"]) };
}

/** Largest difference, as a share of the expected tensor's largest value. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0, difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
  }
  if (actual.length !== expected.length || Number.isNaN(difference)) return Infinity;
  return largest === 0 ? difference : difference / largest;
}
