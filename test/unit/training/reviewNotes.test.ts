import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import type { Example } from "../../../src/task/example.ts";
import { reviewNotes } from "../../../src/training/reviewNotes.ts";

const examples = (word: string, count: number, label: (i: number) => string): Example[] =>
  Array.from({ length: count }, (_, i) => ({ source: `${word} ${i} of them`, target: label(i) }));
const DATA = {
  train: examples("film", 40, (i) => (i % 2 === 0 ? "no way" : "yes indeed")),
  validation: examples("book", 10, (i) => (i < 5 ? "no way" : "maybe")),
  test: examples("song", 10, () => "yes\nindeed"),
};
const notes = async (training: object, readBack: (text: string) => Promise<string>): Promise<string[]> => {
  const { task, training: settings } = ExperimentFile.parse({
    name: "x",
    task: { kind: "file", train: "x", source: "{text}", target: "{label}" },
    method: { kind: "pt", promptLength: 4 },
    training,
  });
  return (await reviewNotes({ task, training: settings }, DATA, readBack)).map(english);
};
const asWritten = (text: string): Promise<string> => Promise.resolve(text);
const inOneLine = (text: string): Promise<string> => Promise.resolve(text.replaceAll("\n", " "));

test("labels are compared as they are scored: what the tokenizer makes one is no other label", async () => {
  assert.match(
    (await notes({}, asWritten))[0]!,
    /and 10 of 10 test examples .* "yes\\nindeed" looks like "yes indeed"/,
  );
  assert.deepEqual(await notes({}, inOneLine), [
    '5 of 10 validation examples (50.0 %) have a label that training lacks: "maybe" (validation example 6)',
  ]);
});

test("examples that no evaluation reads are not counted", async () => {
  assert.deepEqual(await notes({ validationLimit: 5 }, inOneLine), []);
  assert.match((await notes({ validationLimit: 5, testLimit: 3 }, asWritten))[0]!, /^3 of 3 test examples/);
});
