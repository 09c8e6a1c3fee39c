import assert from "node:assert/strict";
import { test } from "node:test";
import { InputIndex, InputTable } from "../../../../src/task/review/inputTable.ts";
import { looseHash } from "../../../../src/task/review/looseHash.ts";
import { hashKey, textHash } from "../../../../src/task/counts/textHash.ts";
import { notesOf, reviewOf, rowsOf, type TestRow } from "./reviewed.ts";

const texts = (word: string, count: number): TestRow[] =>
  rowsOf(count, (i) => ({ text: `The ${word} of day ${i}, it rained.`, label: i % 2 === 0 ? "wet" : "dry" }));

test("copies are equal without case, white space, marks and Unicode form; numbers and words stay apart", () => {
  const alike: readonly [string, string][] = [
    ["No movement, no yuks.", "no movement , no yuks ."],
    ["Don't!", "do n't"],
    ["A\u00a0b\tc\n", "a b c"],
    ["\uff26\uff35\uff2c\uff2c", "full"],
    ["re\u0301sume\u0301", "RÉSUMÉ"],
    ["“Quoted” — text…", '"quoted" - text...'],
    ["ﬁne", "fine"],
    ["a\u200bb", "ab"],
  ];
  for (const [one, other] of alike) assert.deepEqual(looseHash(one), looseHash(other), `${one} and ${other}`);
  const apart: readonly [string, string][] = [
    ["3.5 km", "35 km"],
    ["x = -1", "x = 1"],
    ["1 2", "12"],
    ["1 + 2", "1 * 2"],
    ["day 1", "day 2"],
    ["good", "goods"],
    ["naïve", "naive"],
    ["$5", "5"],
  ];
  for (const [one, other] of apart) assert.notDeepEqual(looseHash(one), looseHash(other), `${one} and ${other}`);
  assert.equal(looseHash(" ?! …"), undefined);
});

test("hashes of near texts differ in both lanes, and have as many equal lanes as chance gives", () => {
  const lows = new Set<number>();
  const highs = new Set<number>();
  const keys = new Set<number>();
  const count = 400_000;
  for (let i = 0; i < count; i++) {
    const hash = textHash(`${Math.imul(i, 0x9e3779b1)} of row ${i * 7919}`);
    lows.add(hash.low);
    highs.add(hash.high);
    keys.add(hashKey(hash));
  }
  // Of 400,000 draws of 32 bits 18.6 pairs are equal on average.
  assert.ok(count - lows.size < 45, `${count - lows.size} equal low lanes`);
  assert.ok(count - highs.size < 45, `${count - highs.size} equal high lanes`);
  assert.equal(keys.size, count);
  assert.notDeepEqual(textHash("ab"), textHash("ba"));
  assert.notDeepEqual(textHash(""), textHash("\0"));
});

test("inputs that training and a scored split share are counted, with the first", () => {
  const train = texts("weather", 20);
  const fresh = texts("evening", 8);
  assert.deepEqual(notesOf({ train, test: [...fresh, train[3]!, train[5]!] }), [
    "2 of 10 test examples (20.0 %) have an input that is also in training; the first is test.jsonl:9, whose input is that of train.jsonl:4",
  ]);
  const loose = { text: "THE WEATHER of day 7 it rained", label: "dry" };
  assert.deepEqual(notesOf({ train, validation: [train[1]!, ...fresh], test: [...fresh, loose, train[3]!] }), [
    "2 of 10 test examples (20.0 %) and 1 of 9 validation examples (11.1 %) have an input that is also in training, 2 of them letter for letter, the others but for case, white space, punctuation or Unicode form; the first is test.jsonl:9, whose input is that of train.jsonl:8",
  ]);
  assert.deepEqual(notesOf({ train: [...train, train[0]!], test: fresh }), [], "copies within training alone");
  const review = reviewOf({ train, test: [...fresh, train[3]!] });
  assert.deepEqual(
    [review.findings(false), review.findings().length],
    [[], 1],
    "a part of the files has a part of them",
  );
  const marks = [
    { text: "?!", label: "wet" },
    { text: "…", label: "dry" },
  ];
  assert.deepEqual(
    notesOf({ train: [...train, marks[0]!], test: [marks[1]!] }),
    [],
    "marks alone are compared as written",
  );
});

test("one input with several targets in training is told, and where", () => {
  const train = texts("weather", 20);
  const other = (row: TestRow): TestRow => ({ ...row, label: row["label"] === "wet" ? "dry" : "wet" });
  assert.deepEqual(notesOf({ train: [...train, other(train[2]!), other(train[9]!)] }), [
    "2 of 22 training examples (9.1 %) have the input of an earlier one with a different target; the first is train.jsonl:21, after train.jsonl:3",
  ]);
  assert.deepEqual(notesOf({ train: [...train, train[2]!, train[9]!] }), [], "the same target again");
  const loose = { ...other(train[2]!), text: train[2]!["text"]!.toUpperCase() };
  assert.deepEqual(notesOf({ train: [...train, loose] }), [], "another text may have another target");
});

test("inputs are equal only if both lanes of their hash are", () => {
  const words = (...inputs: [low: number, high: number][]): Uint32Array<ArrayBuffer> =>
    Uint32Array.from(inputs.flatMap(([low, high]) => [low, high, low, high, 0]));
  const train = new InputTable(words([7, 1], [7, 2], [8, 1]));
  const index = new InputIndex(train, "exact", () => assert.fail("all of them differ"));
  const asked = new InputTable(words([7, 2], [8, 2], [9, 1], [8, 1]));
  assert.deepEqual(
    [0, 1, 2, 3].map((example) => index.first(asked, example)),
    [1, undefined, undefined, 2],
  );
});
