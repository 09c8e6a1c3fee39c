import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import type { Recompute } from "../../../src/model/methodGraph.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { onEngines } from "../../golden/engines.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import { randomParameters } from "./randomParameters.ts";
import { randomModel, TINY_LLAMA } from "./tinyCausal.ts";

const llama = randomModel({ ...TINY_LLAMA, num_hidden_layers: 4 });
after(() => {
  rmSync(llama, { recursive: true });
});
const FOLDERS = { llama, t5: backboneFolder("tiny-t5") };
const BATCH = padBatch(
  [
    { ids: [7, 8, 9, 10, 11, 12, 13], labels: [9, 3, 2] },
    { ids: [20, 31], labels: [4, 4, 4, 4, 2] },
  ].map((each) => ({ ...each, input: "", target: "" })),
);

/** The loss and all gradients of one step. */
async function step(
  folder: string,
  kind: string,
  { engine, recompute, dropout = false }: { engine: EngineSpec; recompute: Recompute; dropout?: boolean },
): Promise<number[]> {
  const method = MethodInput.parse({ kind });
  const sizes = { promptLength: 3, bottleneck: 5, rank: 2, count: 0 };
  const model = LocalModel.open({ folder, method, sizes, engine, recompute });
  try {
    const { loss, gradients } = await model.step(randomParameters(model, kind), BATCH, {
      lossScale: 0.2,
      ...(dropout && { backboneDropout: { rate: 0.1, seed: 3 } }),
    });
    return [loss, ...[...gradients.values()].flatMap((each) => [...each])];
  } finally {
    await model.release();
  }
}

onEngines("recomputed step", (engine) => {
  for (const [name, folder] of Object.entries(FOLDERS))
    for (const kind of ["adept", "lora"])
      test(`${engine.device}, ${name}, ${kind}: layers that are computed again give the same loss and gradients`, async () => {
        const kept = await step(folder, kind, { engine, recompute: "activations" });
        const again = await step(folder, kind, { engine, recompute: "layers" });
        if (engine.device === "cpu") assert.deepEqual(again, kept);
        const largest = Math.max(...kept.map(Math.abs));
        kept.forEach((value, i) => {
          assert.ok(Math.abs(value - again[i]!) < 1e-6 * largest, `${i}: ${again[i]} for ${value}`);
        });
      });
});

test("with dropout inside the backbone a layer that is computed again drops the same units", async () => {
  const engine: EngineSpec = { device: "cpu", threads: 1, replicas: 1 };
  const kept = await step(FOLDERS.t5, "adept", { engine, recompute: "activations", dropout: true });
  assert.deepEqual(await step(FOLDERS.t5, "adept", { engine, recompute: "layers", dropout: true }), kept);
});
