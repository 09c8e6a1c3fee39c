import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { MethodGraph } from "../../../src/model/methodGraph.ts";
import { operationsOf, stepWork } from "../../../src/model/speed/stepWork.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { onEngines } from "../../golden/engines.ts";
import { randomParameters } from "./randomParameters.ts";
import { randomModel, TINY_CODEGEN, TINY_LLAMA } from "./tinyCausal.ts";

const FOLDERS = {
  llama: randomModel(TINY_LLAMA),
  // One window, which a row is longer than, and a norm of each head.
  qwen3: randomModel({ ...TINY_LLAMA, model_type: "qwen3", head_dim: 4 }),
  mistral: randomModel({ ...TINY_LLAMA, model_type: "mistral", sliding_window: 4 }),
  // Learned positions, and query, key and value in one matrix.
  gpt2: randomModel({ model_type: "gpt2", vocab_size: 40, n_embd: 16, n_layer: 2, n_head: 4, n_positions: 64 }),
  codegen: randomModel(TINY_CODEGEN),
};
after(() => {
  for (const folder of Object.values(FOLDERS)) rmSync(folder, { recursive: true });
});
const ROWS = [
  { ids: [7, 8, 9, 10, 11, 12, 13], labels: [9, 3, 2] },
  { ids: [20], labels: [4] },
  { ids: [20, 31], labels: [4, 4, 4, 4, 2] },
].map((each) => ({ ...each, input: "", target: "" }));
const BATCHES = { mixed: ROWS, "one row": ROWS.slice(0, 1), "equal rows": [ROWS[0]!, ROWS[0]!] };

/**
 * The loss and all gradients of one step. @param isPacked false: each row with a prompt of its own, padded, as a step
 * with dropout computes it, here of no unit
 */
async function step(
  folder: string,
  kind: string,
  { engine, rows, isPacked }: { engine: EngineSpec; rows: typeof ROWS; isPacked: boolean },
): Promise<number[]> {
  const method = MethodInput.parse({ kind });
  const sizes = { promptLength: 3, bottleneck: 5, rank: 2, count: 0 };
  const model = LocalModel.open({ folder, method, sizes, engine });
  try {
    const { loss, gradients } = await model.step(randomParameters(model, kind), padBatch(rows), {
      lossScale: 0.2,
      ...(!isPacked && { backboneDropout: { rate: 0, seed: 3 } }),
    });
    return [loss, ...[...gradients.values()].flatMap((each) => [...each])];
  } finally {
    await model.release();
  }
}

/** Losses and greedy tokens of a method whose tensors are all empty or 0. */
async function bare(folder: string, kind: "pt" | "lora", engine: EngineSpec): Promise<unknown> {
  const sizes = { promptLength: 3, rank: 2, count: 0 };
  const model = LocalModel.open({ folder, method: MethodInput.parse({ kind }), sizes, engine });
  const tensors = methodOf(kind)
    .tensors(model.shape)
    .map(({ name, sizes: own, group }) => {
      const dims = kind === "pt" ? [0, ...own.slice(1)] : own;
      return [name, { name, dims, group, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) }] as const;
    });
  try {
    const batch = padBatch(ROWS);
    const { sum } = await model.losses(new Map(tensors), batch);
    return { sum: sum.map((each) => each.toPrecision(4)), ids: await model.generate(new Map(tensors), batch, 4) };
  } finally {
    await model.release();
  }
}

test("products with frozen matrices are as many for a prompt and all tokens, whatever rows they stand in", () => {
  const model = LocalModel.open({
    folder: FOLDERS.llama,
    method: MethodInput.parse({ kind: "pt" }),
    sizes: { promptLength: 3, count: 0 },
    engine: { device: "cpu", threads: 1, replicas: 1 },
  });
  const operations = operationsOf(new MethodGraph(openBackbone(FOLDERS.llama), model.shape).step(""));
  const frozen = (sizes: { B: number; N: number; R: number }): number =>
    stepWork(operations, { ...sizes, P: 20, S: sizes.N, M: 8, T: 1 }).frozen;
  assert.equal(frozen({ B: 8, N: 60, R: 100 }), frozen({ B: 1, N: 100, R: 100 }));
  assert.ok(frozen({ B: 8, N: 60, R: 100 }) < frozen({ B: 8, N: 60, R: 101 }));
});

onEngines("empty prompt", (engine) => {
  for (const [name, folder] of Object.entries(FOLDERS))
    test(`${engine.device}, ${name}: without its prompt a method is the backbone alone`, async () => {
      assert.deepEqual(await bare(folder, "pt", engine), await bare(folder, "lora", engine));
    });
});

onEngines("packed rows", (engine) => {
  for (const [name, folder] of Object.entries(FOLDERS))
    for (const kind of ["adept", "pt", "lora"])
      test(`${engine.device}, ${name}, ${kind}: one prompt for all rows, and no padding, is the same step`, async () => {
        for (const [which, rows] of Object.entries(BATCHES)) {
          const apart = await step(folder, kind, { engine, rows, isPacked: false });
          const packed = await step(folder, kind, { engine, rows, isPacked: true });
          const largest = Math.max(...apart.map(Math.abs));
          assert.equal(packed.length, apart.length);
          apart.forEach((value, i) => {
            const bound = engine.device === "cpu" ? 1e-5 : 1e-4;
            assert.ok(Math.abs(value - packed[i]!) < bound * largest, `${which}, ${i}: ${packed[i]} for ${value}`);
          });
        }
      });
});
