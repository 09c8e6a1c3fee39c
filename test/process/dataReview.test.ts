import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "adept-review-"));
after(() => removeWorkspace(folder));

const lines = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");
const rowsOf = (count: number, make: (i: number) => object): object[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Trains an experiment of this task for two steps. */
function trained(
  name: string,
  {
    task,
    training = {},
    files,
  }: { task: object; training?: object; files: Readonly<Record<string, readonly object[]>> },
): { said: string; events: ReturnType<typeof readJournal>["events"] } {
  const place = join(folder, name);
  mkdirSync(place);
  for (const [file, rows] of Object.entries(files)) writeFileSync(join(place, file), lines(rows));
  const experiment = {
    name,
    backbone: "tiny-t5",
    task,
    method: { kind: "pt", promptLength: 2 },
    training: { steps: 2, batchSize: 4, evaluateEvery: 2, warmup: 1, maxSourceLength: 32, ...training },
    engine: { device: "cpu", threads: 1 },
    git: false,
  };
  writeFileSync(join(place, "x.adept.json"), JSON.stringify(experiment));
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "train", "x.adept.json"], {
    cwd: place,
    encoding: "utf8",
  });
  const said = `${stdout}\n${stderr}`;
  assert.equal(status, 0, said);
  const runs = join(place, ".adept/runs");
  const [run] = readdirSync(runs).filter((each) => !each.startsWith("."));
  return { said, events: readJournal(join(runs, run!)).events };
}

/** Checks that these notes, and no others, are in the journal and the terminal, before the first step. */
function saidBeforeStepOne({ said, events }: ReturnType<typeof trained>, notes: readonly RegExp[]): void {
  const first = events.findIndex(({ type }) => type === "step");
  assert.ok(first > 0, said);
  const warnings = events.flatMap((event, at) => (event.type === "warning" ? [{ at, text: event.message }] : []));
  assert.equal(warnings.length, notes.length, warnings.map(({ text }) => text).join("\n"));
  for (const note of notes) {
    const found = warnings.find(({ text }) => note.test(text));
    assert.ok(found !== undefined && found.at < first, `${note.source}\n${said}`);
    const printed = said.indexOf(`warning: ${found.text}`);
    assert.ok(printed >= 0 && printed < said.indexOf("step 1/2"), said);
  }
}

const WORDS = ["rain", "sun", "snow", "wind", "fog"];
const text = (i: number): string => `day ${i} had ${WORDS[i % 5]!} and ${WORDS[(i * 3) % 5]!}`;

test("labels, copies, giving columns, one class and cuts are said before step 1, in journal and terminal", () => {
  const row = (i: number): object => ({ text: text(i), code: `k${i % 4}`, label: i % 4 < 2 ? "1" : "0" });
  const result = trained("kinds", {
    task: { kind: "file", train: "train.jsonl", test: "test.jsonl", source: "{code} {text}", target: "{label}" },
    files: {
      "train.jsonl": [...rowsOf(80, row), { text: `${"a long day ".repeat(40)}`, code: "k0", label: "1" }],
      "test.jsonl": [row(0), ...rowsOf(24, (i) => ({ text: text(i + 100), code: "k1", label: "1.0" }))],
    },
  });
  saidBeforeStepOne(result, [
    /^24 of 25 test examples \(96\.0 %\) have a label that training lacks: "1\.0" looks like "1" \(\S*test\.jsonl:2\)$/,
    /^24 of 25 test examples \(96\.0 %\) have the target "1\.0"/,
    /^The input gives the label away: .* each of the 4 values of "code" has one label/,
    /^1 of 25 test examples \(4\.0 %\) have an input that is also in training; the first is \S*test\.jsonl:1, .*train\.jsonl:1$/,
    /^1 of 106 inputs are longer than training\.maxSourceLength \(32 tokens\): their end was cut off, in 1 of \d+ (training|validation)/,
  ]);
});

test("groups that the seed tore apart and targets that the cut makes one are said before step 1", () => {
  const long = "an answer that is long and goes on and on until it";
  const result = trained("groups", {
    task: { kind: "file", train: "train.jsonl", source: "{text}", target: "{label}" },
    training: { maxTargetLength: 6 },
    files: {
      "train.jsonl": rowsOf(160, (i) => ({
        text: text(i),
        user_id: `u${Math.floor(i / 4)}`,
        label: `${long} ${i % 3 === 0 ? "ends" : "stops"}`,
      })),
    },
  });
  saidBeforeStepOne(result, [
    /^\d+ of 16 validation examples .* and \d+ of 16 test examples .* share their "user_id" with training examples/,
    /^160 of 160 answers are longer than training\.maxTargetLength \(6 tokens\).* in 128 of 128 training examples/,
    /^2 different targets are not told apart by their first 6 tokens, such as ".*" and ".*", in 160 of 160 examples/,
  ]);
});

test("hidden test labels of a named task are said before step 1, and the run has a test score", () => {
  mkdirSync(join(folder, "data"));
  const row = (i: number, label: number): object => ({ sentence: text(i), label, idx: i });
  const files = {
    "train.jsonl": rowsOf(40, (i) => row(i, i % 2)),
    "validation.jsonl": rowsOf(20, (i) => row(i + 100, i % 2)),
    "test.jsonl": rowsOf(9, (i) => row(i + 200, -1)),
  };
  const result = trained("hidden", { task: { kind: "named", name: "cola", folder: "." }, files });
  saidBeforeStepOne(result, [
    /^\S*test\.jsonl: the labels are hidden.* the validation set is halved: 10 validation and 10/,
  ]);
  assert.ok(
    result.events.some((event) => event.type === "evaluation" && event.split === "test" && event.examples === 10),
  );
});

test("data of which there is nothing to say are trained on without a word", () => {
  const result = trained("clean", {
    task: { kind: "file", train: "train.jsonl", source: "{text}", target: "{label}" },
    files: { "train.jsonl": rowsOf(60, (i) => ({ id: i, text: text(i), label: i % 2 === 0 ? "even" : "odd" })) },
  });
  saidBeforeStepOne(result, []);
});
