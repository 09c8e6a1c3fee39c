import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import type { Example } from "../../../src/task/example.ts";
import { sourceOf } from "../../../src/task/exampleSource.ts";
import { reviewNotes } from "../../../src/training/reviewNotes.ts";

const examples = (word: string, count: number, label: (i: number) => string): Example[] =>
  Array.from({ length: count }, (_, i) => ({ source: `${word} ${i} of them`, target: label(i) }));
const DATA = {
  train: examples("film", 40, (i) => (i % 2 === 0 ? "no way" : "yes indeed")),
  validation: examples("book", 10, (i) => (i < 5 ? "no way" : "maybe")),
  test: examples("song", 10, () => "yes\nindeed"),
};
const notes = async (readBack: (text: string) => Promise<string>, most?: number): Promise<string[]> => {
  const { task } = ExperimentFile.parse({
    name: "x",
    task: { kind: "file", train: "x", source: "{text}", target: "{label}" },
    method: { kind: "pt", promptLength: 4 },
  });
  const sources = { train: sourceOf(DATA.train), validation: sourceOf(DATA.validation), test: sourceOf(DATA.test) };
  const how = { drawn: [], readBack, check: () => undefined, ...(most !== undefined && { most }) };
  return (await reviewNotes(task, sources, how)).map(english);
};
const asWritten = (text: string): Promise<string> => Promise.resolve(text);
const inOneLine = (text: string): Promise<string> => Promise.resolve(text.replaceAll("\n", " "));

test("labels are compared as they are scored: what the tokenizer makes one is no other label", async () => {
  assert.match((await notes(asWritten))[0]!, /and 10 of 10 test examples .* "yes\\nindeed" looks like "yes indeed"/);
  assert.deepEqual(await notes(inOneLine), [
    '5 of 10 validation examples (50.0 %) have a label that training lacks: "maybe" (validation example 6)',
  ]);
});

test("of very many examples a part at even distances is reviewed, and that is said", async () => {
  const [label, part] = await notes(inOneLine, 4);
  assert.match(label!, /^2 of 4 validation examples .* lacks: "maybe"/);
  assert.equal(
    part,
    "Of the data, only a part was reviewed for what is said above: 4 of 40 training examples (10.0 %), 4 of 10 validation examples (40.0 %) and 4 of 10 test examples (40.0 %)",
  );
});
