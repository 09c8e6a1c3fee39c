// One side of the step bench: makes a step for each line it reads, and answers with its time, loss, gradient norm and peak memory.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { readSafetensors } from "../../../src/backbone/safetensors.ts";
import { adept } from "../../../src/method/adept.ts";
import { T5TunedModel } from "../../../src/method/tunedModel.ts";
import { jointNorm } from "../../../src/training/clip.ts";
import type { Batch, Parameters } from "../../../src/training/model.ts";
import { peakMegabytes } from "../peakMemory.ts";
import { BATCH, SPEC } from "./shapes.ts";

const [folder, threads] = process.argv.slice(2) as [string, string];
const { promptLength, bottleneck } = BATCH;
const sizes = { promptLength, bottleneck, count: 0 };
const model = T5TunedModel.open({ folder, method: SPEC, sizes, engine: { device: "cpu", threads: Number(threads), replicas: 0 } });
const start = readSafetensors(`${folder}/parameters.safetensors`);
const parameters: Parameters = new Map(adept.tensors({ ...model.shape, spec: SPEC }).map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: start.get(t.name)!.data }]));
const { ids, labels } = JSON.parse(readFileSync(`${folder}/batch.json`, "utf8")) as { ids: number[]; labels: number[] };
const batch: Batch = { ...BATCH, ids: Int32Array.from(ids), mask: new Float32Array(ids.length).fill(1), labels: Int32Array.from(labels) };

for await (const _ of createInterface(process.stdin)) {
  const began = performance.now();
  const { loss, gradients } = await model.step(parameters, batch, { lossScale: 1 / labels.length });
  const milliseconds = performance.now() - began;
  process.stdout.write(`${JSON.stringify({ milliseconds, loss, norm: jointNorm([...gradients.values()]), megabytes: peakMegabytes() })}\n`);
}
