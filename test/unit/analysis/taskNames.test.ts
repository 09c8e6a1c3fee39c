import assert from "node:assert/strict";
import { test } from "node:test";
import { taskNames } from "../../../src/analysis/report/taskNames.ts";
import { ResolvedExperiment, type Experiment } from "../../../src/experiment/experiment.ts";

const on = (task: object, backbone = "tiny-t5"): Experiment =>
  ResolvedExperiment.parse({ name: "a", task, backbone, method: { kind: "pt" } });
const file = (train: string, source = "{text}"): object => ({ kind: "file", train, source, target: "{label}" });

test("a task is named by its entry, kind, file or folder; a path is as long as tells it from the others", () => {
  assert.deepEqual(taskNames([on({ kind: "mail" }), on(file("/a/train.csv"))]), ["mail", "train.csv"]);
  assert.deepEqual(
    taskNames([
      on(file("/data/sst2/train.jsonl")),
      on(file("/data/trec/train.jsonl")),
      on({ kind: "text", folder: "/data/plays" }),
    ]),
    ["sst2/train.jsonl", "trec/train.jsonl", "text in data/plays"],
  );
});

test("tasks with the same data are told apart by their backbone, and by what else differs", () => {
  const sst2 = file("/data/sst2/train.jsonl");
  assert.deepEqual(taskNames([on(sst2), on(sst2, "/models/smollm2")]), [
    "train.jsonl, tiny-t5",
    "train.jsonl, smollm2",
  ]);
  assert.deepEqual(taskNames([on(sst2), on(file("/data/sst2/train.jsonl", "sst2: {text}"))]), [
    "train.jsonl, {text}",
    "train.jsonl, sst2: {text}",
  ]);
});
