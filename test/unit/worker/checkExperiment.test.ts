import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Problem } from "../../../src/experiment/setupProtocol.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { checkExperiment } from "../../../src/worker/checkExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-check-")), path = join(folder, "x.adept.json");
after(() => { rmSync(folder, { recursive: true, force: true }); });
writeFileSync(join(folder, "reviews.csv"), "text,label\ngood one,yes\nbad one,no\n");
mkdirSync(join(folder, "data"));
writeFileSync(join(folder, "data/train.jsonl"), "{}\n");

const good = { name: "x", task: { kind: "file", train: "reviews.csv", source: "{text}", target: "{label}" }, method: { kind: "adept", budget: 12_800 } };
const mended = (text: string, { fixes }: Problem, at = 0): string => [...fixes[at]!.edits].sort((a, b) => b.from - a.from).reduce((edited, { from, to, text: put }) => edited.slice(0, from) + put + edited.slice(to), text);
const written = (change: object): string => JSON.stringify({ ...good, ...change }, undefined, 2);

/** A wrong text, and where and how it is said to be wrong; its first fix mends it. */
const WRONG: [what: string, text: string, code: string, marked: string, mends: boolean][] = [
  ["a task that is none", written({ task: { kind: "named", name: "mnlii", folder: "data" } }), "unknown-value", '"mnlii"', true],
  ["a key that is none", written({ trainning: {} }), "unknown-key", '"trainning": {}', true],
  ["a stray key without a likely name", written({ training: { steps: 5, zzz: 1 } }), "unknown-key", '"zzz": 1', true],
  ["a key inside a method", written({ method: { kind: "adept", promtLength: 5 } }), "unknown-key", '"promtLength": 5', true],
  ["a key inside an engine", written({ engine: { devise: "cpu" } }), "unknown-key", '"devise": "cpu"', true],
  ["a device that is none", written({ engine: { device: "webgp" } }), "unknown-value", '"webgp"', true],
  ["a missing file", written({ task: { ...good.task, train: "review.csv" } }), "missing-file", '"review.csv"', true],
  ["a missing folder", written({ task: { kind: "named", name: "mnli", folder: "dta" } }), "missing-folder", '"dta"', true],
  ["a folder without a training file", written({ task: { kind: "named", name: "mnli", folder: "." } }), "missing-file", '"."', false],
  ["a missing backbone", written({ backbone: "t5-base" }), "missing-folder", '"t5-base"', true],
  ["a field that the data lack", written({ task: { ...good.task, source: "say {txt}" } }), "unknown-field", '"say {txt}"', true],
  ["a brace too many", written({ task: { ...good.task, source: "{text}}" } }), "bad-template", '"{text}}"', false],
  ["a budget too small", written({ method: { kind: "adept", budget: 100 } }), "budget", "100", true],
  ["sizes beyond the budget", written({ method: { kind: "adept", budget: 1000, promptLength: 20 } }), "budget", "1000", true],
  ["a rate of no group", written({ training: { learningRate: { ab: 0.1 } } }), "unknown-group", "0.1", true],
  ["texts longer than the table", written({ method: { kind: "dept", positions: 64 } }), "positions", "64", true],
];

for (const [what, text, code, marked, mends] of WRONG) {
  test(`${what}: told at its place${mends ? ", and mended by its first fix" : ""}`, async () => {
    const { problems } = await checkExperiment(path, text), [first] = problems;
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.deepEqual([first!.code, text.slice(first!.from, first!.to)], [code, marked]);
    if (!mends) { assert.equal(first!.fixes.length, 0); return; }
    const after = mended(text, first!);
    assert.deepEqual((await checkExperiment(path, after)).problems, [], after);
    assert.doesNotThrow(() => experimentsOf(path, after));
  });
}

test("what the schema says itself is no second squiggle; what it cannot say is", async () => {
  const schema = async (change: object): Promise<boolean[]> => (await checkExperiment(path, written(change))).problems.map((each) => each.schema);
  assert.deepEqual(await schema({ task: { kind: "named", name: "mnlii", folder: "data" } }), [true]);
  assert.deepEqual(await schema({ sweep: { vary: { "training.steps": { from: 5, to: 1, count: 2 } } } }), [false]);
  assert.deepEqual(await schema({ backbone: "t5-base" }), [false]);
});

test("a good file has no problems and says its sizes; broken JSON is left to the editor", async () => {
  const found = await checkExperiment(path, written({ seeds: [0, 1] }));
  assert.deepEqual(found.problems, []);
  assert.equal(found.runs, 2);
  const { from, to, promptLength, bottleneck, count } = found.sizes!;
  assert.equal(written({ seeds: [0, 1] }).slice(from, to), "12800");
  assert.ok(count <= 12_800 && promptLength > 0 && bottleneck > 0);
  assert.deepEqual(await checkExperiment(path, "{"), { problems: [] });
  assert.deepEqual((await checkExperiment(path, JSON.stringify({ ...good, task: { ...good.task, train: "bad.jsonl" } }))).problems.map(({ code }) => code), ["missing-file"]);
});
