import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { backboneFolder, EMBEDDED_BACKBONE } from "../../../src/backbone/backboneFolder.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { readSafetensors, writeSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { toBfloat16 } from "../../../src/engine/narrowing.ts";
import { widen } from "../../../src/engine/weightData.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import { PRECISIONS, type Precision } from "../../../src/engine/precisionSpec.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import type { StepResult } from "../../../src/model/model.ts";
import { CPU, TORCH, withTorch } from "../../golden/engines.ts";
import { writeRandomBackbone } from "../../bench/sides/randomBackbone.ts";
import { relativeDifference } from "../../golden/methodGolden.ts";

const ROWS = 3;
const batch: Batch = {
  rows: ROWS,
  sourceLength: 8,
  targetLength: 2,
  ids: Int32Array.from({ length: ROWS * 8 }, (_, i) => 5 + ((i * 53) % 900)),
  mask: Float32Array.from({ length: ROWS * 8 }, (_, i) => (i % 8 < 8 - Math.floor(i / 8) ? 1 : 0)),
  labels: Int32Array.from({ length: ROWS * 2 }, (_, i) => 9 + i),
};

const TINY = backboneFolder(EMBEDDED_BACKBONE);

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "adept-narrow-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};

/** A random backbone of the least width that is computed with in bf16. */
function wideBackbone(t: TestContext): string {
  const folder = folderOf(t);
  const sizes = { width: 256, heads: 4, headWidth: 64, hidden: 512, layers: 1, vocabulary: 1024 };
  writeRandomBackbone(folder, { name: "narrow", ...sizes, rounds: 1 });
  return folder;
}

/** A backbone in fp32, the embedding table rounded to bf16. */
function withRoundedTable(t: TestContext, from: string): string {
  const folder = folderOf(t);
  cpSync(from, folder, { recursive: true });
  const tensors = readSafetensors(join(from, "model.safetensors"));
  const table = tensors.get("shared.weight")!;
  table.data = widen(Buffer.from(toBfloat16(table.data).buffer), "bfloat16");
  writeSafetensors(join(folder, "model.safetensors"), tensors);
  return folder;
}

/** Loss and gradients of ADePT on a backbone, by default the embedded one. */
async function step(t: TestContext, engine: EngineSpec, precision: Precision, folder = TINY): Promise<StepResult> {
  const method = MethodInput.parse({ kind: "adept" });
  const sizes = { promptLength: 4, bottleneck: 3, count: 0 };
  const model = LocalModel.open({ folder, method, sizes, engine, precision });
  t.after(() => model.release());
  const parameters: Parameters = new Map(
    methodOf(method.kind)
      .tensors(model.shape)
      .map(({ name, sizes: dims, group }) => {
        const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 1) / 5);
        return [name, { name, dims, group, data }];
      }),
  );
  return model.step(parameters, batch, { lossScale: 1 / 6 });
}

const close = (own: StepResult, other: StepResult, limit: number): void => {
  assert.ok(Math.abs(own.loss - other.loss) <= limit * other.loss, `loss ${own.loss} for ${other.loss}`);
  for (const [name, gradient] of other.gradients) {
    const apart = relativeDifference(own.gradients.get(name)!, gradient);
    assert.ok(apart <= 10 * limit, `${name}: ${apart}`);
  }
};

withTorch("narrow", () => {
  for (const precision of PRECISIONS)
    test(`${precision} weights give the processor's loss and gradients on PyTorch`, async (t) => {
      const processor = await step(t, CPU, precision);
      close(await step(t, TORCH, precision), processor, 1e-5);
      // Mapped, as what is compared with before training reads its weights.
      close(await step(t, { ...TORCH, memory: "spare" }, precision), processor, 1e-5);
    });

  test("products in bf16 move loss and gradients by rounding of 8 bits, not more and not less", async (t) => {
    const wide = wideBackbone(t);
    const bf16: EngineSpec = { ...TORCH, compute: "bf16" };
    const exact = await step(t, TORCH, "fp32", wide);
    const rounded = await step(t, bf16, "fp32", wide);
    close(rounded, exact, 0.01);
    assert.ok(Math.abs(rounded.loss - exact.loss) > 1e-6 * exact.loss, "something is rounded");
    // Of bf16 weights, matrices are the ones that products in bf16 read anyway; rows of the table are rounded too.
    const stored = await step(t, bf16, "bf16", wide);
    close(stored, await step(t, bf16, "fp32", withRoundedTable(t, wide)), 1e-6);
  });

  test("a small model has no products in bf16: they would cost more loss than they save time", async (t) => {
    const exact = await step(t, TORCH, "fp32");
    const own = await step(t, { ...TORCH, compute: "bf16" }, "fp32");
    assert.deepEqual([own.loss, own.gradients], [exact.loss, exact.gradients]);
  });
});
