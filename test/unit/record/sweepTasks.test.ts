import assert from "node:assert/strict";
import { test } from "node:test";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { sweepResults, type StoredRun } from "../../../src/record/sweepResults.ts";

const on = (task: Readonly<Record<string, unknown>>, steps = 10): StoredRun => ({
  id: "r",
  record: foldEvents([]),
  settings: new Map(
    Object.entries({
      ...Object.fromEntries(Object.entries(task).map(([key, value]) => [`task.${key}`, value])),
      "training.steps": steps,
    }),
  ),
  ended: undefined,
});
const file = (train: string, source: string): Record<string, unknown> => ({ kind: "file", train, source });
const settingsOf = (...runs: StoredRun[]): unknown[] => sweepResults(runs).runs.map(({ settings }) => settings);

test("a sweep over tasks has one setting for the task, beside what differs within one", () => {
  const sst2 = file("/data/sst2/train.jsonl", "sst2: {text}");
  const trec = file("/data/trec/train.jsonl", "trec: {text}");
  assert.deepEqual(settingsOf(on({ kind: "mail" }), on(sst2, 20), on(trec)), [
    { task: "mail", "training.steps": 10 },
    { task: "sst2/train.jsonl", "training.steps": 20 },
    { task: "trec/train.jsonl", "training.steps": 10 },
  ]);
  assert.deepEqual(settingsOf(on(sst2), on({ ...sst2, source: "{text}" })), [
    { "task.source": "sst2: {text}" },
    { "task.source": "{text}" },
  ]);
  assert.deepEqual(settingsOf(on(sst2), on({ ...sst2, source: "{text}" }), on(trec)), [
    { task: "sst2/train.jsonl", "task.source": "sst2: {text}" },
    { task: "sst2/train.jsonl", "task.source": "{text}" },
    { task: "trec/train.jsonl", "task.source": "trec: {text}" },
  ]);
});

test("texts of several folders are several tasks", () => {
  const texts = (folder: string): StoredRun => on({ kind: "text", folder });
  assert.deepEqual(settingsOf(texts("/data/plays"), texts("/data/poems")), [{ task: "plays" }, { task: "poems" }]);
});

test("examples that are drawn from a task are a setting of their own", () => {
  const drawn = (k: number): StoredRun => on({ kind: "mail", "shots.k": k });
  assert.deepEqual(settingsOf(drawn(4), drawn(8)), [{ "task.shots.k": 4 }, { "task.shots.k": 8 }]);
});
