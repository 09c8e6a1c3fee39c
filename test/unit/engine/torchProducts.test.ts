import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MersenneTwister } from "../../../src/base/random.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { HostTensor, WeightLocation } from "../../../src/engine/program.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input, weight, type Value } from "../../../src/graph/value.ts";
import { CPU, TORCH, withTorch } from "../../golden/engines.ts";

/** bf16 has 8 bits: a sum of some ten products is this far off, as a share of the largest value. */
const TOLERANCE = 0.03;

const random = new MersenneTwister(11);
const filled = (dims: readonly number[], size = 1): HostTensor => ({
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 2 * size * (random.uniform() - 0.5)),
  dims,
});
const summed = (value: Value): Value =>
  ops.reduceSum(
    value,
    value.shape.map((_, axis) => axis),
  );

/** Compares a program in bf16 on PyTorch with fp32 on onnxruntime. */
async function compare(
  outputs: Record<string, Value>,
  feeds: Record<string, HostTensor>,
  weights: ReadonlyMap<string, WeightLocation> = new Map(),
): Promise<void> {
  const [torch, onnx] = [openEngine({ ...TORCH, compute: "bf16" }), openEngine(CPU)];
  try {
    const [own, other] = [await torch.compile(outputs, weights), await onnx.compile(outputs, weights)];
    const [found, expected] = [await own.run(feeds), await other.run(feeds)];
    for (const [name, { data, dims }] of Object.entries(expected)) {
      const values = Array.from(data);
      const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      assert.ok(largest > 0, `${name} is not 0 everywhere`);
      assert.deepEqual([...found[name]!.dims], [...dims], name);
      values.forEach((x, i) => {
        const apart = Math.abs(found[name]!.data[i]! - x) / largest;
        assert.ok(apart <= TOLERANCE, `${name}[${i}]: ${found[name]!.data[i]} for ${x}`);
      });
    }
    await own.release();
    await other.release();
  } finally {
    await torch.release?.();
  }
}

withTorch("products in bf16", () => {
  test("products by a frozen matrix and by its transpose, of one row and of many, are those in fp32", async () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-products-"));
    try {
      const file = join(folder, "weights.bin");
      const dims = [256, 264];
      const { data } = filled(dims);
      writeFileSync(file, data);
      const weights = new Map([["w", { file, offset: 0, bytes: 4 * 256 * 264, dims, type: "float32" as const }]]);
      const w = weight("w", dims);
      const wide = input("wide", ["B", "L", 264]);
      const narrow = input("narrow", ["B", "L", 256]);
      const outputs = {
        rows: ops.matmul(wide, w, { transB: true }),
        columns: ops.matmul(narrow, w),
        turned: ops.matmul(ops.transpose(wide, [1, 0, 2]), w, { transB: true }),
      };
      for (const [rows, length] of [
        [1, 1],
        [3, 7],
      ] as const)
        await compare(outputs, { wide: filled([rows, length, 264]), narrow: filled([rows, length, 256]) }, weights);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("attention and its gradients by query, key, bias and value are those in fp32, with shared heads too", async () => {
    for (const groups of [1, 2]) {
      const query = input("query", ["B", 4, "L", 64]);
      const key = input("key", ["B", 4 / groups, "K", 64]);
      const value = input("value", ["B", 4 / groups, "K", 64]);
      const bias = input("bias", [1, 4, "L", "K"]);
      const slopes = input("slopes", ["B", 4, "L", 64]);
      const y = ops.attention(query, key, bias, value);
      const loss = summed(ops.mul(y, slopes));
      const [byQuery, byKey, byBias, byValue] = gradients(loss, [query, key, bias, value]) as [
        Value,
        Value,
        Value,
        Value,
      ];
      const feeds = {
        query: filled([2, 4, 5, 64]),
        key: filled([2, 4 / groups, 7, 64]),
        value: filled([2, 4 / groups, 7, 64]),
        bias: filled([1, 4, 5, 7], 3),
        slopes: filled([2, 4, 5, 64]),
      };
      await compare({ y, byQuery, byKey, byValue }, feeds);
      await compare({ loss, byBias }, feeds);
    }
  });
});
