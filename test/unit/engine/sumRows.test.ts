import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerToOnnx } from "../../../src/engine/onnx/onnxGraph.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input } from "../../../src/graph/value.ts";

const ROWS = 1;
const WIDTH = 576;
const UPDATES = 2000;

test("updates of the same rows are all summed, whichever threads add them", async () => {
  const ids = Int32Array.from({ length: UPDATES }, (_, i) => (i * 7 + (i >> 5)) % ROWS);
  // Whole numbers: their sums are exact in any order.
  const updates = Float32Array.from({ length: UPDATES * WIDTH }, (_, i) => i % 7);
  const sums = new Float32Array(ROWS * WIDTH);
  updates.forEach((each, i) => {
    sums[ids[Math.floor(i / WIDTH)]! * WIDTH + (i % WIDTH)]! += each;
  });
  const engine = openEngine({ device: "cpu", threads: 4, replicas: 0 });
  const summed = ops.scatterAdd(input("ids", ["N"], "int32"), input("updates", ["N", WIDTH]), ROWS);
  const program = await engine.compile({ summed }, new Map());
  const feeds = { ids: { data: ids, dims: [UPDATES] }, updates: { data: updates, dims: [UPDATES, WIDTH] } };
  for (let round = 0; round < 5; round++)
    assert.deepEqual((await program.run(feeds))["summed"]!.data, sums, `round ${round}`);
  await program.release();
  // The kernel that loses some does so by chance: it is not to be there.
  const { model } = lowerToOnnx({ summed }, new Map(), { isProcessor: true });
  assert.ok(!Buffer.from(model).includes("ScatterND"));
});
