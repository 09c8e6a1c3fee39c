// One side of the benches: this engine as a real run has it, its parts and a copy per core. Answers each line it reads
// with a time and what came out.
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { readSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { loadTensorFlow } from "../../../src/engine/tfjs/loadTensorFlow.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { ModelPool } from "../../../src/model/modelPool.ts";
import { labelTokens } from "../../../src/training/batch/padBatch.ts";
import { jointNorm } from "../../../src/training/optimiser/clip.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { peakMegabytes, residentMegabytes } from "./peakMemory.ts";
import { SIZES, SPEC } from "./shapes.ts";
import { findTorch } from "./python.ts";
import type { Answer, Asked, OwnEngine } from "./side.ts";
import type { SideBatch } from "./sideFolder.ts";

const [folder, threads, device, memory, precision = "fp32"] = process.argv.slice(2) as [
  string,
  string,
  OwnEngine,
  EngineSpec["memory"]?,
  Precision?,
];
// A folder without a method is one for ADePT as the benches of T5 have it.
const own = `${folder}/method.json`;
const trained = existsSync(own)
  ? (JSON.parse(readFileSync(own, "utf8")) as { spec: unknown; sizes: object })
  : { spec: SPEC, sizes: SIZES };
const model = ModelPool.open({
  folder,
  method: MethodInput.parse(trained.spec),
  sizes: { ...trained.sizes, count: 0 },
  precision,
  engine: {
    ...(device === "cpu" || device === "tfjs"
      ? { device }
      : { device: "torch" as const, compute: device === "torch" ? ("fp32" as const) : ("bf16" as const) }),
    threads: Number(threads),
    replicas: 0,
    ...(memory !== undefined && { memory }),
  },
});
if (device.startsWith("torch")) process.env["ADEPT_PYTHON"] ??= findTorch();
const start = readSafetensors(`${folder}/parameters.safetensors`);
const parameters: Parameters = new Map(
  methodOf(model.shape.spec.kind)
    .tensors(model.shape)
    .map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: start.get(t.name)!.data }]),
);
const read = JSON.parse(readFileSync(`${folder}/batches.json`, "utf8")) as {
  batches: SideBatch[];
  candidates: number[][];
};
const batches: Batch[] = read.batches.map(({ rows, ids, mask, labels }) => ({
  rows,
  sourceLength: ids.length / rows,
  targetLength: labels.length / rows,
  ids: Int32Array.from(ids),
  mask: Float32Array.from(mask),
  labels: Int32Array.from(labels),
}));

async function answer(asked: Asked): Promise<Partial<Answer>> {
  switch (asked.call) {
    case "step": {
      const batch = batches[asked.batch]!;
      const { loss, gradients } = await model.step(parameters, batch, { lossScale: 1 / labelTokens(batch) });
      return { loss, norm: jointNorm([...gradients.values()]) };
    }
    case "generate":
      return { ids: await model.generate(parameters, batches[asked.batch]!, asked.maxTokens) };
    case "score":
      return {
        chosen: (await model.scoreTargets(parameters, batches[asked.batch]!, read.candidates)).map((row) =>
          row.indexOf(Math.min(...row)),
        ),
      };
    case "state":
      return device === "tfjs" ? { tensors: loadTensorFlow(Number(threads)).tf.memory().numTensors } : {};
  }
}

for await (const line of createInterface(process.stdin)) {
  const began = performance.now();
  const found = await answer(JSON.parse(line) as Asked);
  const milliseconds = performance.now() - began;
  process.stdout.write(
    `${JSON.stringify({ milliseconds, ...found, megabytes: peakMegabytes(), resident: residentMegabytes() })}\n`,
  );
}
await model.release();
