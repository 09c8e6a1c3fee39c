import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerToOnnx } from "../../../src/engine/onnx/onnxGraph.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input } from "../../../src/graph/value.ts";

const ROWS = 20;
const UPDATES = 2000;

for (const rest of [[576], [], [12, 48]])
  test(`updates of the same rows are all summed, whichever threads add them: (N${rest.map((size) => `, ${size}`).join("")})`, async () => {
    const width = rest.reduce((a, b) => a * b, 1);
    const ids = Int32Array.from({ length: UPDATES }, (_, i) => (i * 7 + (i >> 5)) % ROWS);
    // Whole numbers: their sums are exact in any order.
    const updates = Float32Array.from({ length: UPDATES * width }, (_, i) => i % 7);
    const sums = new Float32Array(ROWS * width);
    updates.forEach((each, i) => {
      sums[ids[Math.floor(i / width)]! * width + (i % width)]! += each;
    });
    const summed = ops.scatterAdd(input("ids", ["N"], "int32"), input("updates", ["N", ...rest]), ROWS);
    const program = await openEngine({ device: "cpu", threads: 4, replicas: 0 }).compile({ summed }, new Map());
    const feeds = { ids: { data: ids, dims: [UPDATES] }, updates: { data: updates, dims: [UPDATES, ...rest] } };
    for (let round = 0; round < 3; round++) {
      const { data, dims } = (await program.run(feeds))["summed"]!;
      assert.deepEqual(dims, [ROWS, ...rest]);
      assert.deepEqual(data, sums, `round ${round}`);
    }
    await program.release();
    // The kernel that loses some does so by chance: it is not to be there.
    const { model } = lowerToOnnx({ summed }, new Map(), { isProcessor: true });
    assert.ok(!Buffer.from(model).includes("ScatterND"));
  });
