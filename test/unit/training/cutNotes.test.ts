import assert from "node:assert/strict";
import { test } from "node:test";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { english } from "../../../src/base/phrase.ts";
import { cutNotes } from "../../../src/training/batch/cutNotes.ts";
import { cutTargetNotes } from "../../../src/training/batch/cutTargets.ts";
import { encodeAll } from "../../../src/training/batch/exampleEncoder.ts";
import { pairEncoder } from "../../../src/training/batch/pairEncoder.ts";

const tokenizer = loadTokenizer(backboneFolder("tiny-t5"));
const lengthsOf = (maxSourceLength: number, maxTargetLength: number) => ({ maxSourceLength, maxTargetLength });
const encoded = (rows: readonly (readonly [string, string])[], source: number, target: number) =>
  encodeAll(
    rows.map(([input, answer]) => ({ source: input, target: answer })),
    pairEncoder(tokenizer, lengthsOf(source, target)),
  );
const LONG = "one word after another ".repeat(20);

test("inputs and answers of T5 that are cut are counted, each split with its share", async () => {
  const lengths = lengthsOf(16, 4);
  const train = await encoded(
    [
      ["short", "yes"],
      [LONG, "no"],
      [LONG, LONG],
      ["short", "no"],
    ],
    16,
    4,
  );
  const held = await encoded(
    [
      [LONG, "yes"],
      ["short", "no"],
      ["short", "yes"],
    ],
    16,
    4,
  );
  assert.deepEqual(cutNotes({ train, validation: [], test: held }, lengths, { isJoined: false }).map(english), [
    "3 of 7 inputs are longer than training.maxSourceLength (16 tokens): their end was cut off, in 2 of 4 training examples (50.0 %) and 1 of 3 test examples (33.3 %)",
    "1 of 7 answers are longer than training.maxTargetLength (4 tokens): they are trained and generated up to there, without their end, in 1 of 4 training examples (25.0 %)",
  ]);
  const [joined] = cutNotes({ train }, lengths, { isJoined: true }).map(english);
  assert.match(joined!, /their middle was left out, in 2 of 4 training examples/);
  const whole = await encodeAll([{ source: LONG, target: LONG }], pairEncoder(tokenizer, lengthsOf(500, 500)));
  assert.deepEqual(cutNotes({ train: whole }, lengthsOf(500, 500), { isJoined: false }), []);
  const exact = whole[0]!.ids.length;
  const fits = await encoded([[LONG, "yes"]], exact, 4);
  assert.equal(fits[0]!.cut, undefined, "as long as the longest");
  const [over] = await encoded([[LONG, "yes"]], exact - 1, 4);
  assert.deepEqual(over!.cut, { source: 1, target: 0, at: exact - 1 });
});

const NINE = "very long label with many many words that go on";
const SAME: Record<string, readonly string[]> = {
  "two labels with one beginning": [`${NINE} for A`, `${NINE} for B`],
  "three, of which one is only the beginning": [`${NINE} for A`, `${NINE} for B`, "no"],
  "labels that part in their last letter": [
    "a class of the first kind, number 1",
    "a class of the first kind, number 2",
  ],
};
for (const [what, labels] of Object.entries(SAME))
  test(`targets that become one where they are cut are told: ${what}`, async () => {
    const rows = Array.from({ length: 12 }, (_, i) => [`text ${i}`, labels[i % labels.length]!] as const);
    const [note, ...more] = (await cutTargetNotes(await encoded(rows, 32, 8), 8)).map(english);
    assert.match(note!, /^2 different targets are not told apart by their first 8 tokens, such as "/);
    assert.equal(more.length, 0);
    for (const label of labels.slice(0, 2)) assert.ok(note!.includes(`${label.slice(-12)}"`), note);
    assert.match(
      note!,
      labels.length === 3 ? / in 8 of 12 examples \(66\.7 %\)/ : / in 12 of 12 examples \(100\.0 %\)/,
    );
    assert.deepEqual(await cutTargetNotes(await encoded(rows, 32, 64), 64), [], "whole ones differ");
  });

test("targets that differ before the cut, and equal ones, are not told", async () => {
  const rows = [`A ${LONG}`, `B ${LONG}`, `A ${LONG}`, "A", "B"].map((target, i) => [`text ${i}`, target] as const);
  assert.deepEqual(await cutTargetNotes(await encoded(rows, 32, 8), 8), []);
  // The tokenizer has no line breaks: two labels are one, and no cut made them so.
  const spaces = ["yes indeed", "yes\nindeed"].map((target, i) => [`text ${i}`, target] as const);
  assert.deepEqual(await cutTargetNotes(await encoded(spaces, 32, 8), 8), []);
});

test("a whole target that is the beginning of a cut one is told, whichever comes first", async () => {
  const whole = { input: "", target: "red", ids: [3], labels: [5, 1] };
  const cut = { input: "", target: "red brick", ids: [3], labels: [5, 1], cut: { source: 0, target: 1, at: 1 } };
  for (const order of [
    [whole, cut],
    [cut, whole],
  ])
    assert.equal((await cutTargetNotes(order, 2)).length, 1);
});
