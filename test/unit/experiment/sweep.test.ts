import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Experiment } from "../../../src/experiment/experiment.ts";
import { readExperiment, readExperiments } from "../../../src/experiment/readExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-sweep-"));
const path = join(folder, "x.adept.json");
after(() => {
  rmSync(folder, { recursive: true });
});
const MAIL = { name: "m", task: { kind: "mail" } };
const ADEPT = { method: { kind: "adept", promptLength: 4, bottleneck: 3 } };
const runs = (file: object): Experiment[] => {
  writeFileSync(path, JSON.stringify(file));
  return readExperiments(path, [], "s1");
};
const refuses = (file: object, message: RegExp): void => {
  assert.throws(() => runs(file), message);
};

test("seeds make a run each, named by it, with its place in the sweep", () => {
  const found = runs({ ...MAIL, ...ADEPT, seeds: [3, 1] });
  assert.deepEqual(
    found.map(({ seed, name }) => [seed, name]),
    [
      [3, "m (seed=3)"],
      [1, "m (seed=1)"],
    ],
  );
  assert.deepEqual(
    found.map(({ part }) => part),
    [
      { sweep: "s1", name: "m", index: 0, of: 2, tune: [] },
      { sweep: "s1", name: "m", index: 1, of: 2, tune: [] },
    ],
  );
  assert.throws(() => readExperiment(path), /2 runs/);
});

test("a precision can be varied, by its weights' name or by its key", () => {
  assert.deepEqual(
    runs({ ...MAIL, ...ADEPT, sweep: { vary: { precision: ["fp32", "int8"] } } }).map(({ precision }) => precision),
    [
      { weights: "fp32", compare: true },
      { weights: "int8", compare: true },
    ],
  );
  assert.deepEqual(
    runs({ ...MAIL, ...ADEPT, sweep: { vary: { "precision.weights": ["bf16", "int8"] } } }).map(
      ({ precision }) => precision.weights,
    ),
    ["bf16", "int8"],
  );
  refuses(
    { ...MAIL, precision: "int8", sweep: { methods: [{ kind: "pt", promptLength: 3 }, { kind: "full" }] } },
    /precision: the method "full" trains the backbone itself/,
  );
});

test("a grid is every combination; seeds change slowest; what is tuned is told apart from what is varied", () => {
  const found = runs({
    ...MAIL,
    ...ADEPT,
    seeds: [0, 1],
    sweep: {
      vary: { "training.warmup": [10, 20] },
      tune: { "training.learningRate.ffn": { from: 0.0001, to: 0.01, count: 3 } },
    },
  });
  assert.equal(found.length, 12);
  assert.deepEqual(
    found.slice(0, 6).map(({ seed, training }) => [seed, training.warmup, training.learningRate.ffn]),
    [
      [0, 10, 0.0001],
      [0, 10, 0.001],
      [0, 10, 0.01],
      [0, 20, 0.0001],
      [0, 20, 0.001],
      [0, 20, 0.01],
    ],
  );
  assert.ok(found.every(({ part }) => part?.tune.join() === "training.learningRate.ffn"));
  assert.deepEqual(found[0]!.training.learningRate, { prompt: 0.1, ffn: 0.0001 });
});

test("a random search draws its samples from the seed, within the range, uniformly on its scale", () => {
  const file = (seed: number): object => ({
    ...MAIL,
    ...ADEPT,
    sweep: {
      search: "random",
      samples: 60,
      seed,
      tune: { "training.learningRate.ffn": { from: 1e-5, to: 1e-1 }, "training.batchSize": [8, 16] },
    },
  });
  const drawn = (seed: number): number[] => runs(file(seed)).map(({ training }) => training.learningRate.ffn!);
  const first = drawn(1);
  assert.equal(first.length, 60);
  assert.deepEqual(drawn(1), first);
  assert.notDeepEqual(drawn(2), first);
  assert.ok(first.every((rate) => rate >= 1e-5 && rate <= 1e-1));
  const low = first.filter((rate) => rate < 1e-3).length;
  assert.ok(low > 18 && low < 42, `${low} of 60 below the geometric middle`);
  assert.deepEqual(
    [...new Set(runs(file(1)).map(({ training }) => training.batchSize))].sort((a, b) => a - b),
    [8, 16],
  );
});

test("methods share one budget, but keep sizes and budgets of their own; a rate belongs to the methods that have its group", () => {
  const found = runs({
    ...MAIL,
    sweep: {
      budget: { promptTokens: 100 },
      methods: [
        { kind: "pt" },
        { kind: "lora" },
        { kind: "lora", budget: 5000 },
        { kind: "adept", promptLength: 4, bottleneck: 3 },
      ],
      tune: { "training.learningRate.prompt": [0.1, 0.3] },
    },
  });
  assert.deepEqual(
    found.map(({ method, training }) => [method.kind, method.budget, training.learningRate.prompt]),
    [
      ["pt", { promptTokens: 100 }, 0.1],
      ["pt", { promptTokens: 100 }, 0.3],
      ["lora", { promptTokens: 100 }, undefined],
      ["lora", 5000, undefined],
      ["adept", undefined, 0.1],
      ["adept", undefined, 0.3],
    ],
  );
  assert.deepEqual(
    found.map(({ part }) => part?.tune.length),
    [1, 1, 0, 0, 1, 1],
  );
  assert.equal(new Set(found.map(({ name }) => name)).size, 6, "every run has a name of its own");
});

test("what cannot be is refused, with its key, before anything is made", () => {
  refuses({ ...MAIL, sweep: { vary: {} } }, /method/);
  refuses({ ...MAIL, ...ADEPT, sweep: { vary: { "seeds.0": [1] } } }, /"seeds\.0" is not a key/);
  refuses({ ...MAIL, ...ADEPT, sweep: { vary: { "__proto__.x": [1] } } }, /not a key/);
  refuses({ ...MAIL, ...ADEPT, sweep: { vary: { "training.stepz": [1] } } }, /training\.stepz: unknown key.*stepz=1/);
  refuses({ ...MAIL, ...ADEPT, sweep: { vary: { "training.steps": [1, -1] } } }, /training\.steps.*steps=-1/);
  refuses({ ...MAIL, ...ADEPT, sweep: { vary: { "training.steps": [1] }, tune: { "training.steps": [2] } } }, /both/);
  refuses({ ...MAIL, ...ADEPT, sweep: { vary: { "training.steps": { from: 1, to: 9 } } } }, /count/);
  refuses(
    { ...MAIL, ...ADEPT, sweep: { vary: { "training.learningRate.ffn": { from: 0, to: 1, count: 2 } } } },
    /log scale/,
  );
  refuses({ ...MAIL, ...ADEPT, seeds: [], sweep: {} }, /seeds/);
  refuses(
    {
      ...MAIL,
      ...ADEPT,
      sweep: {
        vary: {
          seed: { from: 0, to: 99, scale: "linear", count: 100 },
          "training.steps": { from: 1, to: 100, scale: "linear", count: 100 },
        },
      },
    },
    /more than 1000/,
  );
});

test("arms are methods with settings of their own, tuned each by itself", () => {
  const arms = [
    { name: "published", method: ADEPT.method, set: { "training.learningRate": { prompt: 0.3, ffn: 1e-4 } } },
    {
      name: "low",
      method: { kind: "lora", rank: 1 },
      set: { "training.steps": 7 },
      tune: { "training.learningRate.lora_A": [0.1, 0.2] },
    },
  ];
  const found = runs({ ...MAIL, seeds: [4, 5], sweep: { arms, vary: { "training.batchSize": [2, 3] } } });
  assert.deepEqual(
    found
      .slice(0, 6)
      .map(({ name, part, training: { steps, batchSize, learningRate: r } }) => [
        name,
        part!.arm,
        part!.tune.length,
        steps,
        batchSize,
        r.prompt ?? r.lora_A,
      ]),
    [
      ["m (published, batchSize=2, seed=4)", "published", 0, 900, 2, 0.3],
      ["m (published, batchSize=3, seed=4)", "published", 0, 900, 3, 0.3],
      ["m (low, batchSize=2, lora_A=0.1, seed=4)", "low", 1, 7, 2, 0.1],
      ["m (low, batchSize=2, lora_A=0.2, seed=4)", "low", 1, 7, 2, 0.2],
      ["m (low, batchSize=3, lora_A=0.1, seed=4)", "low", 1, 7, 3, 0.1],
      ["m (low, batchSize=3, lora_A=0.2, seed=4)", "low", 1, 7, 3, 0.2],
    ],
  );
  assert.equal(found.length, 12);
  refuses({ ...MAIL, sweep: { arms, methods: [ADEPT.method] } }, /arms exclude methods/);
  refuses({ ...MAIL, sweep: { arms: [arms[0], arms[0]] } }, /two arms have the same name/);
  refuses({ ...MAIL, sweep: { arms: [{ ...arms[0], set: { seeds: [1] } }] } }, /"seeds" is not a key/);
});

test("an evaluation of the loss alone chooses by the loss alone", () => {
  const training = { prediction: "loss", selection: "loss" };
  assert.equal(runs({ ...MAIL, ...ADEPT, training })[0]!.training.prediction, "loss");
  refuses({ ...MAIL, ...ADEPT, training: { prediction: "loss" } }, /training.selection: "metric" needs predictions/);
});

test("values that are objects of one kind have texts of their own: by the first key that tells them apart, with paths as short as can be", () => {
  for (const [task, rows] of [
    ["sst2", "a"],
    ["trec", "b"],
  ] as const) {
    mkdirSync(join(folder, task), { recursive: true });
    writeFileSync(join(folder, task, "train.jsonl"), `{"text":"${rows}"}`);
  }
  const file = (train: string, source = "{text}"): object => ({ kind: "file", train, source, target: "{text}" });
  const variantsOf = (tasks: readonly object[]): (string | undefined)[] =>
    runs({ ...MAIL, ...ADEPT, sweep: { vary: { task: tasks } } }).map(({ part }) => part?.variant);
  assert.deepEqual(
    variantsOf([{ kind: "mail" }, file("sst2/train.jsonl"), file("trec/train.jsonl", "other: {text}")]),
    ["task=mail", "task=sst2/train.jsonl", "task=trec/train.jsonl"],
  );
  assert.deepEqual(variantsOf([file("sst2/train.jsonl"), file("./sst2/train.jsonl", "other: {text}")]), [
    "task=sst2/train.jsonl",
    "task=./sst2/train.jsonl",
  ]);
  assert.deepEqual(variantsOf([file("sst2/train.jsonl"), file("sst2/train.jsonl", "other: {text}")]), [
    "task={text}",
    "task=other: {text}",
  ]);
});
