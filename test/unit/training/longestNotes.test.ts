import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { longestNotes } from "../../../src/training/batch/longestNotes.ts";

const example = (ids: number, labels: number): { input: string; target: string; ids: number[]; labels: number[] } => ({
  input: "",
  target: "",
  ids: new Array<number>(ids).fill(1),
  labels: new Array<number>(labels).fill(1),
});

test("examples beyond the backbone's longest text are counted with prompt and answer, the last token aside", () => {
  const examples = [example(10, 3), example(11, 3), example(3, 10)];
  const notes = (prompt: number): string[] =>
    longestNotes(examples, { longest: 14, prompt, isCausal: true }).map((note) => english(note));
  assert.deepEqual(notes(1), []);
  assert.match(notes(2)[0]!, /^1 of 3 examples .* 14 tokens/);
  assert.deepEqual(longestNotes(examples, { longest: undefined, prompt: 900, isCausal: true }), []);
});
