import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Batch } from "../../src/backbone/batch.ts";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { UserError } from "../../src/base/errors.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { methodOf } from "../../src/method/registry.ts";
import { ModelPool } from "../../src/model/modelPool.ts";
import { labelTokens } from "../../src/training/batch/padBatch.ts";
import { jointNorm } from "../../src/training/optimiser/clip.ts";
import type { Answer, Asked } from "../bench/sides/side.ts";
import type { SideBatch } from "../bench/sides/sideFolder.ts";
import type { OwnMode } from "./answering.ts";
import { familyMegabytes } from "./familyMemory.ts";

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

/** This project's engine on PyTorch, opened as a run opens it. */
function openSide(folder: string, mode: OwnMode, device: string, threads: number) {
  const { spec, sizes } = readJson<{ spec: unknown; sizes: object }>(`${folder}/method.json`);
  const model = ModelPool.open({
    folder,
    method: MethodInput.parse(spec),
    sizes: { ...sizes, count: 0 },
    engine: { device: "torch", torchDevice: device, compute: mode, threads, replicas: 0 },
    training: true,
  });
  const start = readSafetensors(`${folder}/parameters.safetensors`);
  const parameters: Parameters = new Map(
    methodOf(model.shape.spec.kind)
      .tensors(model.shape)
      .map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: start.get(t.name)!.data }]),
  );
  const batches = readJson<{ batches: SideBatch[] }>(`${folder}/batches.json`).batches.map(
    ({ rows, ids, mask, labels }): Batch => ({
      rows,
      sourceLength: ids.length / rows,
      targetLength: labels.length / rows,
      ids: Int32Array.from(ids),
      mask: Float32Array.from(mask),
      labels: Int32Array.from(labels),
    }),
  );
  return { model, parameters, batches };
}

type Opened = ReturnType<typeof openSide>;

async function answer({ model, parameters, batches }: Opened, asked: Asked): Promise<Partial<Answer>> {
  if (asked.call === "step") {
    const batch = batches[asked.batch]!;
    const { loss, gradients } = await model.step(parameters, batch, { lossScale: 1 / labelTokens(batch) });
    return { loss, norm: jointNorm([...gradients.values()]) };
  }
  if (asked.call !== "generate") throw new Error(`the check does not ask for ${asked.call}`);
  // The time must not depend on which random row ends early.
  return { ids: await model.generate(parameters, batches[asked.batch]!, asked.maxTokens, { endless: true }) };
}

const isMemory = (error: unknown): boolean => error instanceof UserError && error.code === "torch-memory-short";

/** Answers each line of the input with a time and what came out: `side FOLDER MODE DEVICE THREADS`. */
export async function serveSide([folder, mode, device, threads]: readonly string[]): Promise<void> {
  const opened = openSide(folder!, mode as OwnMode, device!, Number(threads));
  for await (const line of createInterface(process.stdin)) {
    const began = performance.now();
    let found: object;
    try {
      const told = await answer(opened, JSON.parse(line) as Asked);
      found = { milliseconds: performance.now() - began, ...told };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      found = { milliseconds: 0, failed: isMemory(error) ? "memory" : "error", message };
    }
    process.stdout.write(`${JSON.stringify({ ...found, megabytes: familyMegabytes(), resident: 0 })}\n`);
  }
  await opened.model.release();
}
