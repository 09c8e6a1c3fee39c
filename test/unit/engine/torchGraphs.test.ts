import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { HostTensor, WeightLocation } from "../../../src/engine/program.ts";
import { CPU, TORCH, withTorch } from "../../golden/engines.ts";
import { randomGraph, WEIGHTS } from "./randomGraph.ts";

const GRAPHS = 200;
/** As a share of an output's largest value. */
const TOLERANCE = 1e-4;

/** Random matrices in a file. */
function weightsIn(folder: string): Map<string, WeightLocation> {
  const file = join(folder, "weights.bin");
  const found = new Map<string, WeightLocation>();
  const values: number[] = [];
  for (const [name, dims] of Object.entries(WEIGHTS)) {
    const count = dims.reduce((a, b) => a * b, 1);
    found.set(name, { file, offset: 4 * values.length, bytes: 4 * count, dims, type: "float32" });
    for (let i = 0; i < count; i++) values.push(Math.sin(values.length + 1));
  }
  writeFileSync(file, Float32Array.from(values));
  return found;
}

function agree(found: HostTensor | undefined, expected: HostTensor, what: string): void {
  assert.deepEqual([...found!.dims], [...expected.dims], what);
  const values = Array.from(expected.data);
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  values.forEach((x, i) => {
    const apart = Math.abs(found!.data[i]! - x);
    assert.ok(apart <= TOLERANCE * largest, `${what}[${i}]: ${found!.data[i]} for ${x}`);
  });
}

withTorch("random graphs", () => {
  // An operand that is overwritten too early, or a weight or feed that is, shows in an output or in the second run.
  test(`${GRAPHS} random graphs give onnxruntime's values on PyTorch, twice the same`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-graphs-"));
    const weights = weightsIn(folder);
    const [torch, onnx] = [openEngine(TORCH), openEngine(CPU)];
    try {
      for (let seed = 1; seed <= GRAPHS; seed++) {
        const { outputs, feeds } = randomGraph(seed);
        const [own, other] = [await torch.compile(outputs, weights), await onnx.compile(outputs, weights)];
        const expected = await other.run(feeds);
        const found = await own.run(feeds);
        assert.deepEqual(Object.keys(found).sort(), Object.keys(outputs).sort());
        for (const [name, tensor] of Object.entries(expected)) agree(found[name], tensor, `graph ${seed}, ${name}`);
        assert.deepEqual(await own.run(feeds), found, `graph ${seed} again`);
        await own.release();
        await other.release();
      }
    } finally {
      await torch.release?.();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
