import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRuns, type ComparedRun } from "../../../src/analysis/compare/compareRuns.ts";
import type { RunStatus } from "../../../src/record/events.ts";
import { ResolvedExperiment, type Experiment } from "../../../src/experiment/experiment.ts";
import type { RunEvent } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";

interface RunOptions {
  seed?: number;
  rate?: number;
  kind?: "adept" | "pt";
  validation?: number;
  loss?: number;
  test?: number;
  status?: RunStatus;
  selection?: "metric" | "loss";
  trainable?: number;
  tuned?: boolean;
  folder?: string;
  backbone?: string;
  isCausal?: boolean;
}
let count = 0;

/** An evaluation at step 10, unless another is given. */
const evaluation = (
  split: "validation" | "test",
  accuracy: number,
  more: { step?: number; loss?: number; label?: string } = {},
): RunEvent => ({
  type: "evaluation",
  time: 1,
  examples: 50,
  step: 10,
  split,
  loss: 0,
  metrics: { accuracy },
  ...more,
});

function run({
  seed = 0,
  rate = 0.1,
  kind = "pt",
  validation,
  loss = 1,
  test: tested,
  status = "finished",
  selection = "metric",
  trainable = 1000,
  tuned = true,
  folder,
  backbone = "tiny-t5",
  isCausal,
}: RunOptions): ComparedRun {
  const experiment: Experiment = ResolvedExperiment.parse({
    name: `n${count}`,
    seed,
    method: { kind },
    backbone,
    task: folder === undefined ? { kind: "mail" } : { kind: "named", name: "cb", folder },
    training: { selection, learningRate: { prompt: rate } },
    part: { sweep: "s", index: count, of: 9, tune: tuned ? ["training.learningRate.prompt"] : [] },
  });
  return {
    id: `r${count++}`,
    experiment,
    record: foldEvents([
      {
        type: "plan",
        time: 1,
        trainable,
        promptLength: 1,
        bottleneck: 1,
        examples: { train: 1, validation: 1, test: 1 },
        device: "cpu",
        isCausal,
      },
      evaluation("validation", 0.99, { step: 5 }),
      ...(validation === undefined ? [] : [evaluation("validation", validation, { loss })]),
      { type: "checkpoint", time: 1, step: 10, best: true },
      ...(tested === undefined ? [] : [evaluation("test", tested), evaluation("test", 0, { label: "untrained" })]),
      { type: "status", time: 1, status },
    ]),
  };
}

test("the tuned value is chosen by mean validation, never by test; the interval is over its seeds", () => {
  const {
    rows: [row, ...others],
    warnings,
  } = compareRuns([
    run({ rate: 0.1, seed: 0, validation: 0.8, test: 0.7 }),
    run({ rate: 0.1, seed: 1, validation: 0.7, test: 0.6 }),
    run({ rate: 0.3, seed: 0, validation: 0.9, test: 0.1 }),
    run({ rate: 0.3, seed: 1, validation: 0.5, test: 0.99 }),
  ]);
  assert.equal(others.length, 0);
  assert.deepEqual(
    [row!.chosen, row!.tried, row!.seeds, row!.values],
    [{ "training.learningRate.prompt": 0.1 }, 2, [0, 1], [0.7, 0.6]],
  );
  assert.ok(Math.abs(row!.test!.mean - 0.65) < 1e-12 && Math.abs(row!.validation!.mean - 0.75) < 1e-12);
  // t(0.975, 1) = 12.7062, standard error 0.05
  assert.ok(Math.abs(row!.test!.interval![1] - (0.65 + 12.706204736 * 0.05)) < 1e-6);
  assert.deepEqual(warnings, []);
});

test("selection by loss chooses the lowest; a combination with fewer finished seeds is not chosen", () => {
  const byLoss = compareRuns([
    run({ rate: 0.1, validation: 0.9, loss: 2, test: 0.2, selection: "loss" }),
    run({ rate: 0.3, validation: 0.1, loss: 1, test: 0.3, selection: "loss" }),
  ]);
  assert.deepEqual(byLoss.rows[0]!.values, [0.3]);
  const broken = compareRuns([
    run({ rate: 0.1, seed: 0, validation: 0.6, test: 0.5 }),
    run({ rate: 0.1, seed: 1, validation: 0.6, test: 0.5 }),
    run({ rate: 0.9, seed: 0, validation: 0.99, test: 0.9 }),
    run({ rate: 0.9, seed: 1, status: "failed" }),
  ]);
  assert.deepEqual(
    [broken.rows[0]!.chosen["training.learningRate.prompt"], broken.rows[0]!.unfinished.length],
    [0.1, 1],
  );
});

test("tasks of one kind are named by their data, as short as tells them apart, and other keys of a task where these are the same", () => {
  const on = (task: object): ComparedRun => {
    const given = run({ test: 0.5 });
    const target = "{label}";
    return { ...given, experiment: ResolvedExperiment.parse({ ...given.experiment, task: { ...task, target } }) };
  };
  const file = (train: string, source = "{text}"): object => ({ kind: "file", train, source });
  const labelsOf = (...compared: ComparedRun[]): string[] => compareRuns(compared).rows.map(({ label }) => label);
  const mail = run({ test: 0.5 });
  const [first, second] = [on(file("/data/sst2/train.jsonl")), on(file("/data/trec/train.jsonl", "trec: {text}"))];
  assert.deepEqual(labelsOf(mail, first, second), [
    "pt, task=mail",
    "pt, task=sst2/train.jsonl",
    "pt, task=trec/train.jsonl",
  ]);
  assert.deepEqual(labelsOf(first, second), ["pt, task=sst2/train.jsonl", "pt, task=trec/train.jsonl"]);
  const worded = on(file("/data/sst2/train.jsonl", "sst2: {text}"));
  assert.deepEqual(labelsOf(first, worded), ["pt, source={text}", "pt, source=sst2: {text}"]);
  assert.deepEqual(labelsOf(first, second, worded), [
    "pt, task=sst2/train.jsonl, source={text}",
    "pt, task=trec/train.jsonl",
    "pt, task=sst2/train.jsonl, source=sst2: {text}",
  ]);
});

test("methods and varied settings are rows, named by what differs; unequal sizes, data and seeds are said", () => {
  const { rows, warnings } = compareRuns([
    run({ kind: "pt", tuned: false, test: 0.5 }),
    run({ kind: "pt", tuned: false, rate: 0.2, test: 0.6 }),
    run({ kind: "adept", tuned: false, seed: 4, test: 0.7, trainable: 1100, folder: "/x" }),
  ]);
  assert.deepEqual(
    rows.map(({ values }) => values),
    [[0.5], [0.6], [0.7]],
  );
  for (const [i, label] of [
    /^pt, .*learningRate\.prompt=0\.1/,
    /^pt, .*learningRate\.prompt=0\.2/,
    /^adept, (?!.*learningRate)/,
  ].entries())
    assert.match(rows[i]!.label, label);
  for (const word of [/different tasks/, /seeds/, /5 %/])
    assert.ok(
      warnings.some((warning) => word.test(warning)),
      `${word}`,
    );
});

test("a run without a test has a row and no value", () => {
  const {
    rows: [row],
  } = compareRuns([run({ status: "running", tuned: false })]);
  assert.deepEqual([row!.test, row!.values, row!.unfinished.length], [undefined, [], 1]);
});

test("runs of different backbones are said to differ in them; an encoder-decoder and a decoder-only model in more", () => {
  const warningsOf = (...runs: RunOptions[]): string[] =>
    compareRuns(runs.map((each) => run({ test: 0.5, ...each }))).warnings;
  const t5 = { backbone: "tiny-t5", isCausal: false };
  const llama = { backbone: "/models/llama-135m", isCausal: true };
  const gemma = { backbone: "/models/gemma", isCausal: true };
  assert.deepEqual(warningsOf(t5, { ...t5, kind: "adept" }), []);
  const [named, ...more] = warningsOf(gemma, llama);
  assert.match(named!, /different backbones \(gemma, llama-135m\)/);
  assert.deepEqual(more, []);
  const [first, second] = warningsOf(t5, llama);
  assert.match(first!, /tiny-t5, llama-135m/);
  assert.match(second!, /one sequence/);
  // A run of an older version does not say how its backbone reads.
  assert.equal(warningsOf({ backbone: "tiny-t5" }, llama).length, 1);
});

test("an object that is tuned is one choice, however many keys it has", () => {
  const whole = (each: ComparedRun): ComparedRun => ({
    ...each,
    experiment: { ...each.experiment, part: { ...each.experiment.part!, tune: ["training.learningRate"] } },
  });
  const { rows } = compareRuns([
    whole(run({ rate: 0.1, tuned: false, validation: 0.8, test: 0.7 })),
    whole(run({ rate: 0.3, tuned: false, validation: 0.9, test: 0.1 })),
  ]);
  assert.deepEqual(
    rows.map(({ tried, values, chosen }) => [tried, values, chosen["training.learningRate.prompt"]]),
    [[2, [0.1], 0.3]],
  );
});

test("runs are compared by the loss where it is asked for, and where they have no metric", () => {
  const only = (each: ComparedRun): ComparedRun => ({
    ...each,
    record: { ...each.record, evaluations: each.record.evaluations.map((one) => ({ ...one, metrics: {}, loss: 0.5 })) },
  });
  const given = [run({ seed: 0, validation: 0.8, test: 0.7 }), run({ seed: 1, validation: 0.8, test: 0.7 })];
  assert.equal(compareRuns(given).metric, "accuracy");
  assert.deepEqual(compareRuns(given, "loss").rows[0]!.values, [0, 0]);
  const bare = compareRuns(given.map(only));
  assert.equal(bare.metric, "loss");
  assert.deepEqual(bare.rows[0]!.values, [0.5, 0.5]);
});

test("the arms of a sweep are called what the file calls them", () => {
  const as = (arm: string, each: ComparedRun): ComparedRun => ({
    ...each,
    experiment: { ...each.experiment, part: { ...each.experiment.part!, arm } },
  });
  const { rows } = compareRuns([
    as("published", run({ rate: 0.3, tuned: false, test: 0.7 })),
    as("mended", run({ rate: 0.1, tuned: false, test: 0.8 })),
    as("mended", run({ rate: 0.1, tuned: false, test: 0.6, seed: 1 })),
  ]);
  assert.deepEqual(
    rows.map(({ label, values }) => [label, values]),
    [
      ["published", [0.7]],
      ["mended", [0.8, 0.6]],
    ],
  );
});

test("of runs with one seed the newest that was tested counts: a repeated run makes no interval narrower", () => {
  const given = [
    run({ seed: 0, test: 0.2 }),
    run({ seed: 1, test: 0.8 }),
    run({ seed: 0, test: 0.6 }),
    run({ seed: 0 }),
    run({ seed: 1, test: 0.1, status: "stopped" }),
  ];
  const { rows, warnings } = compareRuns(given);
  const [row] = rows;
  assert.deepEqual(
    [row!.seeds, row!.values, row!.runs],
    [
      [0, 1],
      [0.6, 0.8],
      [given[2]!.id, given[1]!.id],
    ],
  );
  // t(0.975, 1) = 12.7062, standard error 0.1
  assert.ok(Math.abs(row!.test!.interval![1] - (0.7 + 12.706204736 * 0.1)) < 1e-6);
  assert.deepEqual(warnings, ["pt: of runs with one seed the newest counts, 2 older left out."]);
  assert.deepEqual(compareRuns(given.slice(0, 2)).warnings, []);
});

test("other draws of few shots are other samples, even with one seed", () => {
  const given = [0.6, 0.8].map((value, draw) => {
    const each = run({ test: value });
    each.experiment.task = { ...each.experiment.task, shots: { k: 4, sampling: "balanced", seed: draw } } as never;
    return each;
  });
  assert.deepEqual(compareRuns(given).rows[0]!.values, [0.6, 0.8]);
});

test("the number of test examples is that of a run that was tested", () => {
  assert.equal(compareRuns([run({ seed: 0 }), run({ seed: 1, test: 0.5 })]).rows[0]!.testExamples, 50);
});

test("arms of one name that are other methods are told apart by the method, and not by settings of it", () => {
  const named = (kind: "adept" | "pt"): ComparedRun => {
    const each = run({ kind, test: 0.5, tuned: false });
    each.experiment.part!.arm = "base";
    return each;
  };
  assert.deepEqual(
    compareRuns([named("adept"), named("pt")]).rows.map(({ label }) => label),
    ["base, adept", "base, pt"],
  );
});
