import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ResolvedExperiment, type Experiment } from "../../../src/experiment/experiment.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { isFixed } from "../../../src/method/fixed.ts";
import { openExperimentModel } from "../../../src/training/prepare.ts";

const experiment = (method: object): Experiment =>
  ResolvedExperiment.parse({ name: "x", task: { kind: "mail" }, method });
const BATCH = {
  rows: 1,
  sourceLength: 4,
  targetLength: 2,
  ids: Int32Array.of(5, 17, 42, 1),
  mask: Float32Array.of(1, 1, 1, 1),
  labels: Int32Array.of(9, 1),
};

/** An adapter of shifted start values, saved; its loss. */
async function trained(t: TestContext, method: object): Promise<{ folder: string; loss: number }> {
  const folder = mkdtempSync(join(tmpdir(), "adept-warm-"));
  const { model, sizes, initial } = await openExperimentModel(experiment(method));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const parameters = new Map(
    [...initial].map(([name, each], i) => [
      name,
      isFixed(each) ? each : { ...each, data: each.data.map((x, j) => x + 0.05 * Math.sin(i + j)) },
    ]),
  );
  saveAdapter(
    folder,
    { spec: MethodInput.parse({ ...method, source: undefined }), sizes, parameters },
    { backbone: "tiny-t5", layout: model.layout },
  );
  const loss = (await model.losses(parameters, BATCH)).sum[0]!;
  await model.release();
  return { folder, loss };
}

async function startLoss(method: object): Promise<number> {
  const { model, initial } = await openExperimentModel(experiment(method));
  try {
    return (await model.losses(initial, BATCH)).sum[0]!;
  } finally {
    await model.release();
  }
}

for (const method of [
  { kind: "adept", promptLength: 3, bottleneck: 4 },
  { kind: "adept", promptLength: 3, bottleneck: 4, offsetUnit: "embedding" },
  { kind: "dept", promptLength: 3, rank: 2, positions: 256 },
  { kind: "pt", promptLength: 3 },
  { kind: "mpt", promptLength: 3 },
  { kind: "lora", rank: 2 },
  { kind: "lora", rank: 2, targets: ["q"], dora: true },
]) {
  test(`${method.kind} starts where its source ended`, async (t) => {
    const { folder, loss } = await trained(t, method);
    assert.equal(await startLoss({ ...method, source: folder }), loss);
    assert.notEqual(await startLoss(method), loss);
  });
}

for (const [method, other] of [
  [
    { kind: "lora", rank: 2, alpha: 16, dora: false },
    { alpha: 4, alphas: { v: 9 } },
  ],
  [{ kind: "lora", rank: 2, targets: ["q"], dora: true }, { alpha: 3 }],
  [{ kind: "dept", promptLength: 3, rank: 2, positions: 256 }, { scale: 2 }],
  [{ kind: "adept", promptLength: 3, bottleneck: 4, variant: "deep" }, { offsetUnit: "embedding" }],
  [{ kind: "adept", promptLength: 3, bottleneck: 4, offsetUnit: "embedding" }, { offsetUnit: undefined }],
] as const)
  test(`${JSON.stringify(method)} starts where a source of another scale ended`, async (t) => {
    const { folder, loss } = await trained(t, { ...method, ...other });
    const start = await startLoss({ ...method, source: folder });
    assert.ok(Math.abs(start / loss - 1) < 1e-5, `${start} for ${loss}`);
  });

test("a source prompt starts MPT's and ADePT's prompt; what the source lacks starts as usual", async (t) => {
  const { folder, loss } = await trained(t, { kind: "pt", promptLength: 3 });
  // u = v = 1, and the FFN's offset is 0 at the start.
  for (const method of [
    { kind: "mpt", promptLength: 3 },
    { kind: "adept", promptLength: 3, bottleneck: 2 },
  ])
    assert.ok(Math.abs((await startLoss({ ...method, source: folder })) - loss) < 1e-5 * Math.abs(loss), method.kind);
});

test("a source of other sizes or another method is refused by the tensor's name", async (t) => {
  const { folder } = await trained(t, { kind: "adept", promptLength: 3, bottleneck: 4 });
  await assert.rejects(
    startLoss({ kind: "adept", promptLength: 3, bottleneck: 5, source: folder }),
    /method\.source: "w_down".*\(128, 4\).*\(128, 5\)/,
  );
  await assert.rejects(
    startLoss({ kind: "pt", promptLength: 3, source: folder }),
    /method\.source: .*tensor "w_down" that this method does not have/,
  );
  await assert.rejects(startLoss({ kind: "pt", promptLength: 3, source: tmpdir() }), /adapter_config\.json/);
});
