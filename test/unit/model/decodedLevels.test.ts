import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Batch } from "../../../src/backbone/batch.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { CPU } from "../../golden/engines.ts";
import { randomModel, TINY_LLAMA } from "./tinyCausal.ts";

const place = mkdtempSync(join(tmpdir(), "adept-levels-"));
process.env["ADEPT_CACHE"] = place;
// Rows of whole groups of 32, and enough layers for a slip to show.
const folder = randomModel({ ...TINY_LLAMA, hidden_size: 32, intermediate_size: 64, eos_token_id: null });
after(() => {
  for (const each of [place, folder]) rmSync(each, { recursive: true });
});

const TEXTS = [[7, 8, 9, 10, 11, 12, 13], [20], [31, 6, 31, 6], [14, 15]];
const TARGETS = [
  [9, 3, 2],
  [17, 2],
];
const batchOf = (texts: number[][]): Batch =>
  padBatch(texts.map((ids) => ({ input: "", target: "", ids, labels: [9, 3] })));

async function outcome(
  precision: Precision,
  engine: Pick<EngineSpec, "memory" | "generation">,
): Promise<{ together: number[][]; alone: number[][]; scores: number[] }> {
  const method = MethodInput.parse({ kind: "lora", targets: ["none"] });
  const model = LocalModel.open({
    folder,
    method,
    sizes: { rank: 1, count: 0 },
    precision,
    engine: { ...CPU, ...engine },
  });
  const together = await model.generate(new Map(), batchOf(TEXTS), 12);
  const alone: number[][] = [];
  for (const text of TEXTS) alone.push((await model.generate(new Map(), batchOf([text]), 12))[0]!);
  const scores = (await model.scoreTargets(new Map(), batchOf(TEXTS), TARGETS)).flat();
  await model.release();
  return { together, alone, scores };
}

for (const precision of ["int8", "int4", "int4-asym"] as const)
  test(`${precision}: levels that are read as they lie give the texts and scores of the widened matrix, together and alone`, async () => {
    const own = await outcome(precision, {});
    // No copy of the levels is made, so each product widens its matrix.
    const wide = await outcome(precision, { memory: "spare" });
    assert.deepEqual(own.together, wide.together);
    assert.deepEqual(own.alone, own.together);
    own.scores.forEach((score, i) => assert.ok(Math.abs(score - wide.scores[i]!) < 2e-5 * wide.scores[i]!, `${i}`));
  });

test("rounding is in generated texts alone, and has the same scores", async () => {
  const [exact, rounded] = [await outcome("int4", {}), await outcome("int4", { generation: "rounded" })];
  assert.deepEqual(rounded.scores, exact.scores);
  assert.deepEqual(rounded.alone, rounded.together);
});
