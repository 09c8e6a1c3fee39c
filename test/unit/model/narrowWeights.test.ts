import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { readSafetensors, writeSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { initialise } from "../../../src/model/initialise.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { LocalModel, type ModelOptions } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import type { Batch } from "../../../src/backbone/batch.ts";

const place = mkdtempSync(join(tmpdir(), "adept-narrow-"));
const embedded = backboneFolder("tiny-t5");
const folder = join(place, "wide");
const layout = backboneLayout(embedded);
process.env["ADEPT_CACHE"] = join(place, "cache");
after(() => {
  rmSync(place, { recursive: true, force: true });
});

// The embedded backbone, whose file is fp16, with digits that only fp32 keeps.
cpSync(embedded, folder, { recursive: true });
const tensors = readSafetensors(join(folder, "model.safetensors"));
const noise = new MersenneTwister(2);
for (const { data } of tensors.values()) for (let i = 0; i < data.length; i++) data[i]! *= 1 + 0.01 * noise.normal();
writeSafetensors(join(folder, "model.safetensors"), tensors);

/** A folder of fp32 weights that are those of another precision. */
function dequantised(precision: Precision): string {
  const to = join(place, precision);
  const path = join(to, "model.safetensors");
  const { weights } = openBackbone(folder, { precision });
  cpSync(folder, to, { recursive: true });
  const own = readSafetensors(path);
  for (const { name, dims } of layout.weights) own.get(name)!.data = weights.read(name, dims);
  writeSafetensors(path, own);
  return to;
}

function batchOf(rows: number, sourceLength: number, targetLength: number): Batch {
  const random = new MersenneTwister(3);
  const ids = Int32Array.from({ length: rows * sourceLength }, () => 3 + Math.floor(random.uniform() * 900));
  const labels = Int32Array.from({ length: rows * targetLength }, () => 3 + Math.floor(random.uniform() * 900));
  const mask = new Float32Array(ids.length).fill(1);
  mask[ids.length - 1] = 0;
  labels[labels.length - 1] = -100;
  return { rows, sourceLength, targetLength, ids, mask, labels };
}

async function outcome(
  batch: Batch,
  options: Omit<ModelOptions, "engine" | "sizes">,
  memory: "check" | "spare" = "check",
): Promise<number[]> {
  const model = LocalModel.open({
    ...options,
    sizes: resolveSizes(options.method, layout),
    engine: { device: "cpu", threads: 1, replicas: 1, memory },
  });
  const random = new MersenneTwister(8);
  // Of the wide weights, so that all start alike.
  const { weights } = openBackbone(folder);
  const source = {
    embedding: (id: number) => weights.rows("shared.weight", [layout.vocabulary, layout.width], [id, id + 1]),
    width: layout.width,
    vocabularySize: layout.vocabulary,
    promptIds: [5, 9],
    weight: (name: string, dims: readonly number[]) => weights.read(name, dims),
  };
  const parameters: Parameters = initialise(model.shape, source, new MersenneTwister(1));
  for (const { data } of parameters.values()) for (let i = 0; i < data.length; i++) data[i]! += 0.05 * random.normal();
  try {
    const { loss, gradients } = await model.step(parameters, batch, { lossScale: 0.2 });
    const { sum, generated } = await model.predict(parameters, batch, 4);
    const { logits } = await model.forward(parameters, batch);
    return [loss, ...[...gradients.values()].flatMap((each) => [...each]), ...sum, ...generated.flat(), ...logits.data];
  } finally {
    await model.release();
  }
}

const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const apart = (a: readonly number[], b: readonly number[]): number => {
  assert.equal(a.length, b.length);
  return largest(a.map((value, i) => (value - b[i]!) / (1 + Math.abs(b[i]!))));
};
const METHODS = [
  { kind: "adept", promptLength: 3, bottleneck: 4 },
  { kind: "lora", rank: 2 },
];
/** Cross-attention of the short one reads the encoder's states themselves. */
const BATCHES = [batchOf(3, 9, 2), batchOf(2, 6, 40)];

for (const precision of ["int8", "bf16", "fp16"] as const)
  test(`${precision}: loss, gradients, logits and predictions are those of fp32 weights with the same values`, async () => {
    const same = dequantised(precision);
    for (const spec of METHODS)
      for (const batch of BATCHES) {
        const method = MethodInput.parse(spec);
        const own = await outcome(batch, { folder, method, precision });
        const wide = await outcome(batch, { folder: same, method });
        const plain = await outcome(batch, { folder, method });
        assert.ok(apart(own, wide) < 2e-5, `${spec.kind}: ${apart(own, wide)}`);
        assert.ok(apart(own, plain) > 1e-5, `${spec.kind}: not the fp32 weights themselves (${apart(own, plain)})`);
      }
  });

test("fp32 weights that are not copied give what copied ones give", async () => {
  const method = MethodInput.parse(METHODS[0]);
  for (const batch of BATCHES)
    assert.ok(
      apart(await outcome(batch, { folder, method }, "spare"), await outcome(batch, { folder, method })) < 2e-5,
    );
});

test("the same weights give the same bits again", async () => {
  const method = MethodInput.parse(METHODS[0]);
  const [batch] = BATCHES;
  assert.deepEqual(
    await outcome(batch!, { folder, method, precision: "int8" }),
    await outcome(batch!, { folder, method, precision: "int8" }),
  );
});

test("another device than the processor refuses narrow weights", () => {
  const method = MethodInput.parse(METHODS[0]);
  const open = (device: "tfjs" | "webgpu"): LocalModel =>
    LocalModel.open({
      folder,
      method,
      sizes: resolveSizes(method, layout),
      precision: "int8",
      engine: { device, threads: 1, replicas: 1 },
    });
  for (const device of ["tfjs", "webgpu"] as const)
    assert.throws(() => open(device), /precision: "int8" is for the processor/);
});
