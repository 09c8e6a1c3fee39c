import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { permutation } from "../../../src/base/random.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { withoutOrigins } from "./withoutOrigins.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adept-named-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, rows: object[]): void => {
  writeFileSync(join(folder, name), rows.map((row) => JSON.stringify(row)).join("\n"));
};
const load = (name: string, more: object = {}): ReturnType<typeof loadTask> =>
  withoutOrigins(loadTask(ExperimentFile.shape.task.parse({ kind: "named", name, folder, ...more })));

test("labels become the official digits, or words; words and digits in the file are the same", async () => {
  write("train.jsonl", [
    { premise: "p", hypothesis: "h", label: "contradiction" },
    { sentence1: "q", sentence2: "i", gold_label: "0" },
  ]);
  const digits = await load("mnli");
  assert.deepEqual(digits.train, [
    { source: "premise: p hypothesis: h", target: "2" },
    { source: "premise: q hypothesis: i", target: "0" },
  ]);
  assert.deepEqual([digits.labels, digits.metrics], [["0", "1", "2"], ["accuracy"]]);
  assert.deepEqual(
    (await load("mnli", { targets: "words" })).train.map((e) => e.target),
    ["contradiction", "entailment"],
  );
});

test("GLUE's TSV is read with its columns", async () => {
  writeFileSync(
    join(folder, "train.tsv"),
    'Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe said "so.\tSo he said.\n',
  );
  writeFileSync(join(folder, "dev.tsv"), "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t7\t8\ta\tb\n");
  const { train, validation } = await load("mrpc");
  assert.deepEqual(
    [train, validation],
    [
      [{ source: 'sentence1: He said "so. sentence2: So he said.', target: "1" }],
      [{ source: "sentence1: a sentence2: b", target: "0" }],
    ],
  );
});

test("where the official code errs, the default is correct and the official behaviour is an option", async () => {
  write("train.jsonl", [{ sentence: "_ won.", option1: "Ann", option2: "Bob", label: "2" }]);
  assert.deepEqual((await load("winogrande")).train, [
    { source: "sentence: _ won. option0: Ann option1: Bob", target: "1" },
  ]);
  assert.equal(
    (await load("winogrande", { official: true })).train[0]?.source,
    "sentence: _ won. option0: Ann option1: Ann",
  );
  write("train.jsonl", [{ sentence1: "a", sentence2: "b", score: 3.25 }]);
  assert.equal((await load("stsb")).train[0]?.target, "3.2");
  write("train.jsonl", [{ sentence1: "a", sentence2: "b", score: 3.3 }]);
  assert.equal((await load("stsb")).train[0]?.target, "3.4");
  assert.equal((await load("stsb", { official: true })).train[0]?.target, "3.3");
  write("train.jsonl", [{ question: "q", context: "c", answers: ["one", "two"] }]);
  assert.deepEqual((await load("nq")).train, [
    { source: "question: q context: c", target: "one", answers: ["one", "two"] },
  ]);
  assert.deepEqual((await load("nq", { official: true })).train[0]?.answers, ["one"]);
});

test("WSC marks both spans, several words long too", async () => {
  write("train.jsonl", [
    {
      text: "The old man lifted the boy onto his bed.",
      span1_text: "The old man",
      span1_index: 0,
      span2_text: "his",
      span2_index: 7,
      label: "true",
    },
  ]);
  assert.deepEqual((await load("wsc")).train, [
    { source: "text: * The old man * lifted the boy onto # his # bed.", target: "1" },
  ]);
});

test("the official splits are torch's permutation with seed 42", async () => {
  const rows = (n: number) => Array.from({ length: n }, (_, i) => ({ text: `s${i}`, label: i % 2 }));
  write("train.jsonl", rows(1010));
  write("validation.jsonl", rows(10));
  const cola = await load("cola", { split: "official" });
  assert.deepEqual(
    cola.validation.map((e) => e.source),
    [2, 6, 1, 8, 4].map((i) => `sentence: s${i}`),
  );
  assert.deepEqual(
    cola.test.map((e) => e.source),
    [5, 0, 9, 3, 7].map((i) => `sentence: s${i}`),
  );
  const sst2 = await load("sst2", { split: "official" });
  assert.deepEqual([sst2.train.length, sst2.validation.length, sst2.test.length], [10, 1000, 10]);
  assert.equal(sst2.validation[0]?.source, `sentence: s${permutation(1010, 42)[0]}`);
});

test("few shots are balanced, seeded, and never more than asked", async () => {
  write(
    "train.jsonl",
    [
      ...new Array<string>(50).fill("entailment"),
      ...new Array<string>(8).fill("neutral"),
      ...new Array<string>(2).fill("contradiction"),
    ].map((label, i) => ({ premise: `p${i}`, hypothesis: "h", label })),
  );
  const counts = (examples: { target: string }[]) =>
    ["0", "1", "2"].map((t) => examples.filter((e) => e.target === t).length);
  assert.deepEqual(counts((await load("mnli", { shots: { k: 9 } })).train), [4, 3, 2]);
  assert.deepEqual(counts((await load("mnli", { shots: { k: 4 } })).train), [2, 1, 1]);
  assert.deepEqual((await load("mnli", { shots: { k: 9 } })).train, (await load("mnli", { shots: { k: 9 } })).train);
  assert.notDeepEqual(
    (await load("mnli", { shots: { k: 9, seed: 1 } })).train,
    (await load("mnli", { shots: { k: 9 } })).train,
  );
});

test("the error of a row that does not fit names file, line and field", async () => {
  const refuses = (loading: Promise<unknown>, words: RegExp) =>
    assert.rejects(loading, (error) => error instanceof UserError && words.test(error.message));
  await refuses(load("cola"), /no training file/);
  write("train.jsonl", [
    { text: "a", label: "1" },
    { text: "b", label: "maybe" },
  ]);
  await refuses(load("cola"), /train\.jsonl:2: the label "maybe" is not one of unacceptable, acceptable/);
  write("train.jsonl", [{ body: "a", label: "1" }]);
  await refuses(load("cola"), /train\.jsonl:1: no field "sentence" or "text"; the row has: body, label/);
  write("train.jsonl", [{ sentence1: "a", sentence2: "b", label: "6" }]);
  await refuses(load("stsb"), /train\.jsonl:1: the score "6"/);
  write("train.jsonl", [{ question: "q", context: "c", answers: [] }]);
  await refuses(load("nq"), /train\.jsonl:1: the list of answers is empty/);
  write("train.jsonl", [{ text: "a b", span1_text: "a", span1_index: 0, span2_text: "b", span2_index: 9, label: "1" }]);
  await refuses(load("wsc"), /train\.jsonl:1: no "span2_text"/);
});

test("GSM8K's answer is the number, the worked solution, or that without its calculator's notes", async () => {
  const answer = "She sells 9 - 2 = <<9-2=7>>7 eggs.\nThat is $<<7*200=1400>>1,400.\n#### 1,400";
  write("train.jsonl", [{ question: "How much?", answer }]);
  const target = async (more: object): Promise<string | undefined> => (await load("gsm8k", more)).train[0]?.target;
  assert.equal(await target({}), "1400");
  assert.equal(await target({ solution: "worked" }), answer);
  assert.equal(await target({ solution: "plain" }), "She sells 9 - 2 = 7 eggs.\nThat is $1,400.\n#### 1,400");
  write("train.jsonl", [{ question: "How much?", answer, label: "1,400" }]);
  assert.equal(await target({}), "1,400");
  write("train.jsonl", [{ question: "How much?", label: "7" }]);
  await assert.rejects(load("gsm8k", { solution: "worked" }), /train\.jsonl:1: no field "answer"/);
  write("train.jsonl", [{ question: "How much?", answer: "Much.\n#### a lot" }]);
  await assert.rejects(load("gsm8k"), /train\.jsonl:1: no number follows ####/);
});

test("MBPP's text may end with the assertions, which name the function", async () => {
  const row = {
    text: "Add one.",
    code: "def f(x):\n  return x + 1",
    test_list: ["assert f(1) == 2", "assert f(2) == 3"],
  };
  write("train.jsonl", [row]);
  assert.equal((await load("mbpp")).train[0]?.source, "text: Add one.");
  const shown = (await load("mbpp", { showTests: true })).train[0];
  assert.equal(shown?.source, "text: Add one. tests: assert f(1) == 2\nassert f(2) == 3");
  assert.deepEqual(shown.tests, row.test_list);
});
