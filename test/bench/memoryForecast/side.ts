// A process that makes a few steps and an evaluation, and answers with its peak memory before and after, in MB.
import { initialise } from "../../../src/model/initialise.ts";
import { ModelPool } from "../../../src/model/modelPool.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { evaluate, EVALUATED_ROWS } from "../../../src/training/evaluation.ts";
import { initialState, trainLoop } from "../../../src/training/loop.ts";
import { backboneShape, memoryNeed } from "../../../src/training/memory/memoryNeed.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { settled } from "../../../src/engine/engineSpec.ts";
import { regularisationOf } from "../../../src/method/regularisation.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";
import { freeDeviceMemory } from "../../../src/worker/device/freeDeviceMemory.ts";
import { childrenPeakMegabytes, peakMegabytes } from "../sides/peakMemory.ts";
import type { MemoryCase } from "./cases.ts";

const asked = JSON.parse(process.argv[2]!) as MemoryCase;
const start = peakMegabytes();
const folder = backboneFolder(asked.backbone);
const target = asked.target ?? 4;
const device = asked.device ?? "cpu";
const experiment = experimentsOf(
  "x.adept.json",
  JSON.stringify({
    name: "x",
    task: { kind: "mail" },
    backbone: folder,
    method: asked.method,
    engine: { device, replicas: asked.copies ?? 1, memory: asked.spare === true ? "spare" : "ignore" },
    ...(asked.precision !== undefined && { precision: { weights: asked.precision, compare: false } }),
    training: {
      steps: asked.steps ?? 3,
      batchSize: asked.rows ?? 32,
      maxSourceLength: asked.length,
      evaluateEvery: 100,
      checkpointEvery: 100,
      learningRate: {},
    },
  }),
)[0]!;
const { method, seed, training } = experiment;
const sizes = resolveSizes(method, backboneLayout(folder));
const backbone = backboneShape(folder);
const random = new MersenneTwister(5);
const freeBefore = await freeDeviceMemory(device);
const model = ModelPool.open({
  folder,
  method,
  sizes,
  engine: settled(experiment.engine),
  precision: experiment.precision.weights,
  training: true,
});
const initial = initialise(
  model.shape,
  {
    embedding: (id: number) => model.embeddings.row(id),
    width: model.layout.width,
    vocabularySize: model.layout.vocabulary,
    promptIds: [5, 6],
    weight: (name, dims) => model.weight(name, dims),
  },
  new MersenneTwister(4),
);
const ids = (count: number): number[] =>
  Array.from({ length: count }, () => 3 + Math.floor((model.layout.vocabulary - 3) * random.uniform()));
const examples = Array.from({ length: 96 }, () => ({
  input: "",
  target: "",
  ids: ids(asked.length),
  labels: ids(target),
}));
const evaluated = examples.slice(0, EVALUATED_ROWS);
const forecast = memoryNeed({ experiment, backbone, sizes, train: examples, evaluated }, { copies: model.copies });
let deviceUsed = 0;
const look = async (): Promise<void> => {
  const free = await freeDeviceMemory(device);
  if (freeBefore !== undefined && free !== undefined) deviceUsed = Math.max(deviceUsed, (freeBefore - free) / 2 ** 20);
};
await trainLoop(initialState(initial), {
  model,
  seed,
  examples,
  metric: "accuracy",
  isCausal: false,
  hidden: { units: model.hiddenUnits, dropout: regularisationOf(method).hiddenDropout },
  training,
  evaluate: () => Promise.resolve(undefined),
  save: () => {
    /* nothing is kept */
  },
  emit: () => {
    /* nothing is told */
  },
  stopRequested: () => false,
  now: Date.now,
});
const trained = peakMegabytes();
await look();
await evaluate(model, initial, evaluated, { maxTokens: training.maxTargetLength, decode: () => Promise.resolve("") });
await look();
// PyTorch's process; its peak and this one's need not be at the same time.
const children = device === "torch" ? childrenPeakMegabytes() : 0;
process.stdout.write(
  `${JSON.stringify({ start, trained, peak: peakMegabytes() + children, deviceUsed, forecast: { host: forecast.host / 2 ** 20, again: forecast.again / 2 ** 20, device: forecast.device / 2 ** 20 } })}\n`,
);
await model.release();
process.exit(0);
