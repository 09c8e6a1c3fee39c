import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { permutation } from "../../../src/base/random.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import type { TaskData } from "../../../src/task/example.ts";
import { loadTask } from "../../../src/task/loadTask.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adept-hidden-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, rows: readonly object[]): void => {
  writeFileSync(join(folder, name), rows.map((row) => JSON.stringify(row)).join("\n"));
};
const sentences = (word: string, count: number, more: (i: number) => object = (i) => ({ label: i % 2 })): object[] =>
  Array.from({ length: count }, (_, i) => ({ sentence: `${word} ${i}`, ...more(i) }));
const load = (name: string, more: object = {}): Promise<TaskData> =>
  loadTask(ExperimentFile.shape.task.parse({ kind: "named", name, folder, ...more }));
const sizes = ({ train, validation, test: held }: TaskData): number[] => [train.length, validation.length, held.length];
const sources = (examples: TaskData["test"]): string[] => examples.map(({ source }) => source);
const notes = (data: TaskData): string[] => (data.notes ?? []).map(english);

const HIDDEN: Record<string, (i: number) => object> = {
  "-1": () => ({ label: -1 }),
  "-1.0": () => ({ label: "-1.0" }),
  "an empty text": () => ({ label: "" }),
  null: () => ({ label: null }),
  "a question mark": () => ({ label: "?" }),
  "no column, and a row number": (i) => ({ idx: i }),
  "no column": () => ({}),
};
for (const [what, label] of Object.entries(HIDDEN))
  test(`a test set with ${what} in place of labels is left out: the official halves of validation take its place`, async () => {
    write("train.jsonl", sentences("t", 40));
    write("validation.jsonl", sentences("v", 10));
    write("test.jsonl", sentences("x", 8, label));
    const data = await load("cola");
    // torch.randperm(10) with seed 42, as in the official code.
    assert.deepEqual(
      sources(data.validation),
      [2, 6, 1, 8, 4].map((i) => `sentence: v ${i}`),
    );
    assert.deepEqual(
      sources(data.test),
      [5, 0, 9, 3, 7].map((i) => `sentence: v ${i}`),
    );
    assert.deepEqual(notes(data), [
      `${join(folder, "test.jsonl")}: the labels are hidden, as benchmarks publish their test sets. As in the official code, the validation set is halved: 5 validation and 5 test examples`,
    ]);
    assert.equal(data.drawn, undefined);
  });

test("of a large task 1,000 training examples are for validation, and validation is the test", async () => {
  write("train.jsonl", sentences("t", 10_001));
  write("validation.jsonl", sentences("v", 12));
  write(
    "test.jsonl",
    sentences("x", 8, () => ({ label: -1 })),
  );
  const data = await load("sst2");
  assert.deepEqual(sizes(data), [9001, 1000, 12]);
  assert.equal(data.validation[0]!.source, `sentence: t ${permutation(10_001, 42)[0]!}`);
  assert.deepEqual(data.drawn, ["validation"]);
  assert.match(
    notes(data)[0]!,
    /1000 training examples are for validation and the validation set is the test set: 1000 validation and 12 test/,
  );
  const { train, validation, test: held } = await load("sst2", { split: "official" });
  assert.deepEqual([train, validation, held].map(sources), [data.train, data.validation, data.test].map(sources));
  // CoLA's official code halves however many rows there are.
  assert.deepEqual(sizes(await load("cola")), [10_001, 6, 6]);
});

test("some rows of a large task are split as the official code does with a small one", async () => {
  write("train.jsonl", sentences("t", 10_000));
  write("validation.jsonl", sentences("v", 13));
  write(
    "test.jsonl",
    sentences("x", 8, () => ({ label: -1 })),
  );
  const data = await load("sst2");
  assert.deepEqual(sizes(data), [10_000, 6, 7]);
  assert.match(notes(data)[0]!, /As the official code does with tasks of this size, the validation set is halved/);
});

test("MNLI's mismatched set is for validation and the matched one is the test, as officially", async () => {
  const pairs = (word: string, count: number, label: (i: number) => unknown): object[] =>
    Array.from({ length: count }, (_, i) => ({ premise: `${word} ${i}`, hypothesis: "h", label: label(i) }));
  write(
    "train.jsonl",
    pairs("t", 30, (i) => i % 3),
  );
  write(
    "validation_matched.jsonl",
    pairs("m", 7, (i) => i % 3),
  );
  write(
    "validation_mismatched.jsonl",
    pairs("mm", 9, (i) => i % 3),
  );
  write(
    "test_matched.jsonl",
    pairs("x", 5, () => -1),
  );
  for (const split of ["given", "official"]) {
    const data = await load("mnli", { split });
    assert.deepEqual(sizes(data), [30, 9, 7]);
    assert.match(data.test[0]!.source, /premise: m 0/);
    assert.match(
      notes(data)[0]!,
      /matched validation set is the test set \(7 examples\), and the mismatched one is for valid/,
    );
  }
  rmSync(join(folder, "validation_mismatched.jsonl"));
  assert.deepEqual(sizes(await load("mnli")), [30, 3, 4]);
});

test("labels that are there are used, and a test set without any has to have the task's other fields", async () => {
  write("train.jsonl", sentences("t", 40));
  write("validation.jsonl", sentences("v", 10));
  write("test.jsonl", sentences("x", 8));
  const labelled = await load("cola");
  assert.deepEqual([sizes(labelled), notes(labelled)], [[40, 10, 8], []]);
  write("test.jsonl", [...sentences("x", 8), ...sentences("y", 1, () => ({ label: -1 }))]);
  await assert.rejects(load("cola"), /test\.jsonl:9: the label "-1"/);
  write("test.jsonl", [{ review: "x" }]);
  await assert.rejects(load("cola"), /test\.jsonl:1: no field "sentence"/);
  assert.deepEqual(sizes(await load("cola", { split: "official" })), [40, 5, 5], "it is not read");
});

test("without other examples a hidden test leaves none, and that is told", async () => {
  write("train.jsonl", sentences("t", 40));
  write(
    "test.jsonl",
    sentences("x", 8, () => ({ label: -1 })),
  );
  const data = await load("cola");
  assert.deepEqual(sizes(data), [40, 0, 0]);
  assert.match(notes(data)[0]!, /There are no other examples to test on/);
});
