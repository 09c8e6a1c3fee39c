import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { UserError } from "../../src/base/errors.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { planCopies } from "../../src/model/copyPlan.ts";
import { ModelPool } from "../../src/model/modelPool.ts";
import { methodOf } from "../../src/method/registry.ts";
import { resolveSizes } from "../../src/method/sizes.ts";
import { LocalModel, type ModelOptions } from "../../src/model/localModel.ts";
import { backboneFolder } from "../../src/backbone/backboneFolder.ts";
import { dropoutMask } from "../../src/training/batch/hiddenDropout.ts";
import { labelTokens, padBatch } from "../../src/training/batch/padBatch.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { backboneLayout } from "../../src/training/prepare.ts";

const folder = backboneFolder("tiny-t5");
const layout = backboneLayout(folder);
const method = MethodInput.parse({ kind: "adept", promptLength: 6, bottleneck: 5 });
const sizes = resolveSizes(method, layout);
const random = new MersenneTwister(8);
const options = (replicas: number, threads = 1): ModelOptions => ({
  folder,
  method,
  sizes,
  engine: { device: "cpu", threads: threads * replicas, replicas },
});
const parameters: Parameters = new Map(
  methodOf("adept")
    .tensors({ spec: method, sizes, layout })
    .map(({ name, sizes: dims, group }) => [
      name,
      {
        name,
        dims,
        group,
        data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.2 * random.normal()),
      },
    ]),
);
const ids = (length: number): number[] => Array.from({ length }, () => 3 + Math.floor(8000 * random.uniform()));
const batch = padBatch(
  Array.from({ length: 30 }, (_, i) => ({
    input: "",
    target: "",
    ids: ids(10 + ((i * 17) % 70)),
    labels: ids(1 + (i % 4)),
  })),
);
const lossScale = 1 / labelTokens(batch);

test("gradients have the same bits on one, two and three copies, and are those of the whole batch", async () => {
  const whole = LocalModel.open(options(1));
  const stepOptions = {
    lossScale,
    offsetPenalty: 0.3,
    hiddenMask: dropoutMask(batch.rows * batch.sourceLength * 5, 0.1, { seed: 1, step: 2, accumulationStep: 0 }),
  };
  const wanted = await whole.step(parameters, batch, stepOptions);
  const wantedDropped = [];
  let first: Awaited<ReturnType<ModelPool["step"]>> | undefined;
  for (const copies of [1, 2, 3]) {
    const pool = ModelPool.open(options(copies));
    const got = await pool.step(parameters, batch, stepOptions);
    wantedDropped.push(await pool.step(parameters, batch, { lossScale, backboneDropout: { rate: 0.1, seed: 3 } }));
    await pool.release();
    first ??= got;
    assert.deepEqual(got, first, `${copies} copies`);
    assert.ok(Math.abs(got.loss - wanted.loss) < 1e-5 * wanted.loss, `${got.loss} ${wanted.loss}`);
    for (const [name, values] of wanted.gradients) {
      const largest = values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      const own = got.gradients.get(name)!;
      values.forEach((each, i) => {
        assert.ok(Math.abs(own[i]! - each) <= 1e-4 * largest, `${name}[${i}]: ${own[i]} for ${each}`);
      });
    }
  }
  assert.deepEqual(wantedDropped[1], wantedDropped[0], "dropout inside the backbone is the same on two copies");
  assert.deepEqual(wantedDropped[2], wantedDropped[0]);
  await whole.release();
});

test("predictions of several copies stand where their rows stood", async () => {
  const whole = LocalModel.open(options(1));
  const pool = ModelPool.open(options(3));
  const targets = [
    [20, 1],
    [31, 7, 1],
  ];
  const [wanted, got] = [await whole.predict(parameters, batch, 3), await pool.predict(parameters, batch, 3)];
  assert.deepEqual(got.generated, wanted.generated);
  assert.deepEqual(got.tokens, wanted.tokens);
  got.sum.forEach((loss, row) => {
    assert.ok(Math.abs(loss - wanted.sum[row]!) < 1e-4 * wanted.sum[row]!);
  });
  assert.deepEqual(await pool.generate(parameters, batch, 3), wanted.generated);
  const sampling = { temperature: 2, topP: 0.9, seed: 5 };
  const drawn = await whole.generate(parameters, batch, 3, { sampling });
  assert.notDeepEqual(drawn, wanted.generated);
  assert.deepEqual(await pool.generate(parameters, batch, 3, { sampling }), drawn, "copies draw the same");
  const scores = await whole.scoreTargets(parameters, batch, targets);
  (await pool.scoreTargets(parameters, batch, targets)).forEach((row, i) => {
    row.forEach((score, t) => {
      assert.ok(Math.abs(score - scores[i]![t]!) < 1e-4 * score);
    });
  });
  await whole.release();
  await pool.release();
});

test("what is wrong with a copy is said as if it were the model itself, and ends the call", async () => {
  const broken = mkdtempSync(join(tmpdir(), "adept-broken-"));
  cpSync(folder, broken, { recursive: true });
  const pool = ModelPool.open({ ...options(2), folder: broken });
  truncateSync(join(broken, "model.safetensors"), 100_000);
  await assert.rejects(
    pool.step(parameters, batch, { lossScale }),
    (error) => error instanceof UserError && /truncated/.test(error.message),
  );
  await pool.release();
  rmSync(broken, { recursive: true, force: true });
});

test("a copy whose thread ends in the middle fails the step at once, is started anew by the next, and holds up no release", async () => {
  const pool = ModelPool.open(options(2));
  const wanted = await pool.step(parameters, batch, { lossScale });
  const [first] = (pool as unknown as { members: { thread: Worker }[] }).members;
  const cut = pool.step(parameters, batch, { lossScale });
  void first!.thread.terminate();
  await assert.rejects(cut, /a copy of the model ended/);
  assert.deepEqual(await pool.step(parameters, batch, { lossScale }), wanted);
  await first!.thread.terminate();
  await pool.release();
});

test("copies are made while they are small, of methods whose tensors are", () => {
  const of = (threads: number, bytes: number, kind = "adept"): number[] => {
    const { replicas, threads: each } = planCopies(
      {
        method: MethodInput.parse(kind === "adept" ? method : { kind }),
        engine: { device: "cpu", threads, replicas: 0 },
      },
      bytes,
    );
    return [replicas, each];
  };
  assert.deepEqual(of(4, 10e6), [4, 1]);
  assert.deepEqual(of(4, 250e6), [2, 2], "as many as fit the memory they may take");
  assert.deepEqual(of(4, 900e6), [1, 4]);
  assert.deepEqual(of(1, 10e6), [1, 1]);
  assert.deepEqual(of(4, 10e6, "full"), [1, 4]);
  assert.deepEqual(planCopies({ method, engine: { device: "webgpu", threads: 0, replicas: 0 } }, 10e6), {
    replicas: 1,
    threads: 0,
  });
});
