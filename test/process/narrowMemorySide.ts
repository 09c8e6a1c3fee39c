import { initialise } from "../../src/model/initialise.ts";
import { resolveSizes } from "../../src/method/sizes.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { backboneLayout } from "../../src/training/prepare.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import type { Precision } from "../../src/engine/precisionSpec.ts";
import { peakMegabytes } from "../bench/sides/peakMemory.ts";

// One step of a folder's model in a process of its own: what it adds to the peak, in MB.
const [folder = "", precision = "fp32", spare = ""] = process.argv.slice(2);
const method = MethodInput.parse({ kind: "adept", promptLength: 2, bottleneck: 2, promptInit: "random" });
const layout = backboneLayout(folder);
const sizes = resolveSizes(method, layout);
const model = LocalModel.open({
  folder,
  method,
  sizes,
  precision: precision as Precision,
  engine: { device: "cpu", threads: 1, replicas: 1, ...(spare !== "" && { memory: "spare" }) },
});
const parameters = initialise(
  model.shape,
  {
    embedding: () => new Float32Array(layout.width),
    width: layout.width,
    vocabularySize: layout.vocabulary,
    promptIds: [5],
    weight: () => new Float32Array(0),
  },
  new MersenneTwister(1),
);
const before = peakMegabytes();
const batch = {
  rows: 1,
  sourceLength: 8,
  targetLength: 3,
  ids: new Int32Array(8).fill(9),
  mask: new Float32Array(8).fill(1),
  labels: new Int32Array(3).fill(7),
};
for (let i = 0; i < 2; i++) await model.step(parameters, batch, { lossScale: 1 / 3 });
console.log(peakMegabytes() - before);
await model.release();
