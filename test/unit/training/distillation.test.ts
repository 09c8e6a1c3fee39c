import assert from "node:assert/strict";
import { after, test } from "node:test";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import type { TokenisedExample } from "../../../src/training/batch/tokenisedExample.ts";
import { distil } from "../../../src/training/distillation.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import type { Batch } from "../../../src/backbone/batch.ts";

const folder = backboneFolder("tiny-t5");
const M = 3;
const D = 128;
const open = (kind: "mpt" | "pt"): LocalModel =>
  LocalModel.open({
    folder,
    method: MethodInput.parse({ kind, promptLength: M }),
    sizes: { promptLength: M, bottleneck: 0, count: 0 },
    engine: { device: "cpu", threads: 1, replicas: 1 },
  });
const student = open("mpt");
const teacher = open("pt");
after(async () => {
  await student.release();
  await teacher.release();
});
const random = new MersenneTwister(4);
const tensor = (name: string, dims: number[], group: string, value: (i: number) => number) =>
  [
    name,
    { name, dims, group, data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => value(i)) },
  ] as const;
const prompt = (scale: number) => tensor("prompt", [M, D], "prompt", () => scale * random.normal());
const mpt = (): Parameters =>
  new Map([
    prompt(1),
    tensor("u", [M], "uv", () => 1 + 0.1 * random.normal()),
    tensor("v", [D], "uv", () => 1 + 0.1 * random.normal()),
  ]);
const batch: Batch = {
  rows: 2,
  sourceLength: 4,
  targetLength: 2,
  ids: Int32Array.of(5, 17, 42, 1, 9, 3, 1, 0),
  mask: Float32Array.of(1, 1, 1, 1, 1, 1, 1, 0),
  labels: Int32Array.of(9, 1, 30, -100),
};

test("a student equal to its teacher has no distillation loss; another has one, and its loss is the sum of both terms", async () => {
  const same = mpt();
  const pt: Parameters = new Map([
    tensor(
      "prompt",
      [M, D],
      "prompt",
      (i) => same.get("prompt")!.data[i]! * same.get("u")!.data[Math.floor(i / D)]! * same.get("v")!.data[i % D]!,
    ),
  ]);
  const { taught, loss } = await student.distil(same, batch, {
    teacher: await teacher.forward(pt, batch),
    lossScale: 1 / 3,
    weight: 0.9,
  });
  assert.ok(Math.abs(taught) < 1e-5, `${taught}`);
  const { sum } = await student.losses(same, batch);
  assert.ok(Math.abs(loss - (sum[0]! + sum[1]!) / 3) < 1e-4);
  const others = await teacher.forward(new Map([prompt(3)]), batch);
  const far = await student.distil(same, batch, { teacher: others, lossScale: 1 / 3, weight: 0.9 });
  assert.ok(far.taught > 0.01);
  assert.ok(Math.abs(far.loss - (sum[0]! + sum[1]!) / 3 - 0.9 * far.taught) < 1e-4);
  // By hand: KL over the three label tokens, and the mean squared distance over the text's seven tokens.
  const own = await student.forward(same, batch);
  const V = student.vocabularySize;
  const shares = (data: ArrayLike<number>, row: number): number[] => {
    const z = Array.from({ length: V }, (_, i) => data[row * V + i]!);
    const most = Math.max(...z);
    const e = z.map((x) => Math.exp(x - most));
    const total = e.reduce((a, b) => a + b, 0);
    return e.map((x) => x / total);
  };
  const kl = [0, 1, 2].reduce((total, row) => {
    const p = shares(others.logits.data, row);
    const q = shares(own.logits.data, row);
    return total + p.reduce((s, x, i) => s + (x > 0 ? x * Math.log(x / q[i]!) : 0), 0) / 3;
  }, 0);
  const rows = [0, 1].flatMap((row) =>
    [0, 1, 2, 3].filter((i) => batch.mask[row * 4 + i] === 1).map((i) => (row * (M + 4) + M + i) * D),
  );
  const squared =
    rows.reduce(
      (total, from) =>
        total +
        Array.from({ length: D }, (_, i) => (own.states.data[from + i]! - others.states.data[from + i]!) ** 2).reduce(
          (a, b) => a + b,
          0,
        ),
      0,
    ) /
    (rows.length * D);
  assert.ok(Math.abs(far.taught / (kl + squared) - 1) < 1e-4, `${far.taught} for ${kl} + ${squared}`);
});

test("the gradient of the distillation loss is its finite difference, tensor by tensor", async () => {
  const at = mpt();
  const told = await teacher.forward(new Map([prompt(2)]), batch);
  const options = { teacher: told, lossScale: 1 / 3, weight: 0.7 };
  const { gradients } = await student.distil(at, batch, options);
  for (const name of ["prompt", "u", "v"]) {
    const g = gradients.get(name)!;
    const squared = g.reduce((sum, x) => sum + x * x, 0);
    const h = 0.01 / Math.sqrt(squared);
    const moved = (sign: number): Parameters =>
      new Map(
        [...at].map(([key, t]) => [key, key === name ? { ...t, data: t.data.map((x, i) => x + sign * h * g[i]!) } : t]),
      );
    const numeric =
      ((await student.distil(moved(1), batch, options)).loss - (await student.distil(moved(-1), batch, options)).loss) /
      (2 * h);
    assert.ok(Math.abs(numeric / squared - 1) < 0.02, `${name}: ${numeric} for ${squared}`);
  }
});

test("two teachers' prompts are distilled into one that is nearer to both, reproducibly", async () => {
  const example = (ids: number[], labels: number[]): TokenisedExample => ({ input: "", target: "", ids, labels });
  const teachers = [new Map([prompt(2)]), new Map([prompt(2)])] as Parameters[];
  const initial = new Map([prompt(1), tensor("u", [M], "uv", () => 1), tensor("v", [D], "uv", () => 1)]);
  const tasks = teachers.map((parameters, task) => ({
    examples: Array.from({ length: 8 }, (_, i) => example([5 + task, 10 + i, 1], [20 + (i % 2), 1])),
    teach: (each: Batch) => teacher.forward(parameters, each),
  }));
  const run = async (): Promise<{ taught: number[]; result: Parameters }> => {
    const taught: number[] = [];
    const result = await distil(student, tasks, initial, {
      steps: 40,
      batchSize: 4,
      warmup: 2,
      weight: 30,
      rates: { prompt: 0.1, uv: 0.01 },
      seed: 0,
      isCausal: false,
      signal: new AbortController().signal,
      onStep: (told) => {
        taught.push(told.taught);
      },
    });
    return { taught, result };
  };
  const { taught, result } = await run();
  assert.ok(taught.at(-1)! < 0.7 * taught[0]!, `${taught[0]} to ${taught.at(-1)}`);
  assert.deepEqual([...result.keys()], ["prompt", "u", "v"]);
  assert.deepEqual((await run()).result, result);
  await assert.rejects(
    distil(student, tasks, initial, {
      steps: 5,
      batchSize: 4,
      warmup: 1,
      weight: 1,
      rates: { prompt: 0.1, uv: 0.01 },
      seed: 0,
      isCausal: false,
      signal: AbortSignal.abort(),
      onStep: () => {
        /* not shown */
      },
    }),
    /abort/i,
  );
});
