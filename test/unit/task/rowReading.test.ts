import assert from "node:assert/strict";
import { test } from "node:test";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { rowTexts } from "../../../src/heatmap/rowTexts.ts";
import { rowReadingOf } from "../../../src/task/rowReading.ts";

const read = (name: string, row: object): string[] => {
  const { task } = ResolvedExperiment.parse({
    name: "x",
    task: { kind: "named", name, folder: "d" },
    method: { kind: "pt" },
  });
  const text = JSON.stringify(row);
  return rowTexts({ line: 0, lines: 1, text }, { kind: "jsonl", head: undefined, ...rowReadingOf(task) }).map(
    (each) => `${each.asTask ? "task: " : ""}${each.text}`,
  );
};

test("a task that builds its rows in code shows the fields that it reads, and no others", () => {
  assert.deepEqual(
    read("wsc", { idx: 7, target: "bank note", text: "Mark told Pete many lies.", span1_text: "Mark", label: "True" }),
    ["Mark told Pete many lies."],
  );
  assert.deepEqual(
    read("multirc", { paragraph: "One. Two.", question: "Which?", answer: "Both", label: "yes", note: "by hand" }),
    ["Which?", "Both", "One. Two."],
  );
  assert.deepEqual(read("record", { query: "@placeholder won", passage: "A match.", source: "daily mail" }), [
    "@placeholder won",
    "A match.",
  ]);
  assert.deepEqual(read("sst2", { sentence: "good", label: "yes" }), ["task: sentence: good"]);
  // A file of other columns is shown text by text.
  assert.deepEqual(read("wsc", { title: "one", body: "two" }), ["one", "two"]);
});

test("a task whose tables may lack a header names their columns", () => {
  const { task } = ResolvedExperiment.parse({
    name: "x",
    task: { kind: "named", name: "cola", folder: "d" },
    method: { kind: "pt" },
  });
  assert.deepEqual(rowReadingOf(task).headerless, ["source", "label", "star", "sentence"]);
});
