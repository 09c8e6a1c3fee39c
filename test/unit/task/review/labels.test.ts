import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../../src/base/phrase.ts";
import { labelForm } from "../../../../src/task/review/writtenAlike.ts";
import { notesOf, reviewOf, rowsOf, type TestRow } from "./reviewed.ts";

/** Rows with different texts, and these labels in turn. */
const labelled = (word: string, count: number, ...labels: readonly string[]): TestRow[] =>
  rowsOf(count, (i) => ({ text: `${word} number ${i} of them`, label: labels[i % labels.length]! }));

test("labels that differ in the way they are written look alike, and others do not", () => {
  const alike: readonly [string, string][] = [
    ["1.0", "1"],
    ["01", "1"],
    ["+2", "2"],
    ["-3.50", "-3.5"],
    ["1e3", "1000"],
    ["2,5", "2.5"],
    [".5", "0.5"],
    ["Positive", "positive"],
    ["not  entailment", "not_entailment"],
    ["non-toxic", "non toxic"],
    ["“yes”", "yes"],
    ["'spam'", "spam"],
    ["cafe\u0301", "caf\u00e9"],
    ["\uff21\uff22", "ab"],
    ["ham\u200b", "ham"],
    ["STRASSE", "straße"],
    ["true.", "True"],
    ["12345678901234567890.0", "12345678901234567890"],
  ];
  for (const [one, other] of alike) assert.equal(labelForm(one), labelForm(other), `${one} and ${other}`);
  const apart: readonly [string, string][] = [
    ["1", "-1"],
    ["1", "10"],
    ["1,000", "1"],
    ["3.5", "35"],
    ["0.1", "0.10001"],
    ["positive", "negative"],
    ["a", "b"],
    ["?", "!"],
    ["é", "e"],
    ["12345678901234567890", "12345678901234567891"],
  ];
  for (const [one, other] of apart) assert.notEqual(labelForm(one), labelForm(other), `${one} and ${other}`);
});

test("labels of test or validation that training lacks are named, with the training label they look like", () => {
  const train = labelled("a film", 30, "0", "1");
  assert.deepEqual(notesOf({ train, test: labelled("a book", 12, "0.0", "1.0") }), [
    '12 of 12 test examples (100.0 %) have a label that training lacks: "0.0" looks like "0", "1.0" looks like "1" (test.jsonl:1)',
  ]);
  assert.deepEqual(
    notesOf({
      train: labelled("a film", 30, "Good", "Bad"),
      validation: labelled("a song", 8, "Good", "bad"),
      test: labelled("a book", 8, "Good", "Bad", "Bad", "mixed"),
    }),
    [
      '4 of 8 validation examples (50.0 %) and 2 of 8 test examples (25.0 %) have a label that training lacks: "bad" looks like "Bad", "mixed" (validation.jsonl:2)',
    ],
  );
  const many = notesOf({ train, test: labelled("a book", 9, "a", "b", "c", "d", "e", "f", "g") });
  assert.match(many[0]!, /"a", "b", "c", "d", "e", and 2 more \(test\.jsonl:1\)$/);
  assert.deepEqual(notesOf({ train, test: labelled("a book", 12, "0", "1") }), []);
});

test("free text and measurements are not compared as labels, but for the way a number is written", () => {
  const free = rowsOf(60, (i) => ({ text: `question ${i}?`, label: `the answer ${i}` }));
  assert.deepEqual(
    notesOf({ train: free, test: rowsOf(9, (i) => ({ text: `another ${i}?`, label: `one more ${i}` })) }),
    [],
  );
  const scores = rowsOf(200, (i) => ({ text: `pair ${i} and more`, label: (i % 25) / 5 + "" }));
  assert.deepEqual(notesOf({ train: scores, test: labelled("other pair", 9, "0.7", "1.3") }), []);
  const [note] = notesOf({ train: scores, test: labelled("other pair", 9, "0.7", "1.0") });
  assert.match(note!, /^4 of 9 test examples .* "1\.0" looks like "1" \(test\.jsonl:2\)$/);
});

test("hidden labels are called hidden", () => {
  const train = labelled("a film", 30, "0", "1");
  for (const mark of ["-1", "-1.0", "?"])
    assert.deepEqual(notesOf({ train, test: labelled("a book", 7, mark) }), [
      `7 of 7 test examples (100.0 %) have "${mark}" in place of a label (test.jsonl:1): the labels are hidden, and no answer can be right`,
    ]);
  const [some] = notesOf({ train, test: labelled("a book", 8, "-1", "1") });
  assert.match(some!, /^4 of 8 test examples .* training lacks: "-1"/, "of some rows it is a label");
  assert.deepEqual(notesOf({ train: labelled("a film", 30, "-1", "1"), test: labelled("a book", 7, "-1") }), []);
});

test("one class above 95 % is told, of training and of test", () => {
  const skewed = (count: number, rare: number): TestRow[] =>
    rowsOf(count, (i) => ({ text: `row ${i} of ${count}`, label: i < rare ? "rare" : "common" }));
  assert.deepEqual(notesOf({ train: skewed(100, 4) }), [
    '96 of 100 training examples (96.0 %) have the target "common": accuracy hardly tells a model from that answer alone',
  ]);
  assert.deepEqual(notesOf({ train: skewed(100, 5) }), [], "95 % is not above");
  const both = notesOf({ train: skewed(200, 2), test: skewed(40, 1) });
  assert.match(
    both[0]!,
    /^198 of 200 training examples \(99\.0 %\) have .* and 39 of 40 test examples \(97\.5 %\) have/,
  );
  assert.match(notesOf({ train: skewed(40, 20), test: skewed(41, 0) })[0]!, /^41 of 41 test examples/);
  assert.deepEqual(notesOf({ train: skewed(40, 20), test: skewed(19, 0) }), [], "a small test may have one class");
});

test("of a part of the files only what holds of all is said", () => {
  const review = reviewOf({
    train: labelled("a film", 30, "0"),
    test: labelled("a book", 12, "0.0", "maybe"),
  });
  assert.deepEqual(
    review.findings(false).map(({ about, note }) => [about, english(note)]),
    [
      [
        "labels",
        '6 of 12 test examples (50.0 %) have a label that training lacks: "0.0" looks like "0" (test.jsonl:1)',
      ],
    ],
  );
  assert.equal(review.findings().length, 2, "with all of them, the new label and the one class too");
});

test("measurements are told by being many, or not whole; few examples are compared as labels, many of free text are not", () => {
  const fractions = labelled("a pair", 24, "0.2", "1.4", "3", "4.8");
  assert.deepEqual(notesOf({ train: fractions, test: labelled("other pair", 8, "2.6", "3") }), []);
  const counts = rowsOf(120, (i) => ({ text: `number of things in ${i}`, label: String(i % 30) }));
  assert.deepEqual(notesOf({ train: counts, test: labelled("others", 8, "31", "3") }), []);
  const free = (count: number): TestRow[] =>
    rowsOf(count, (i) => ({ text: `question ${i}?`, label: `the answer ${i}` }));
  const alike = labelled("another", 4, "The answer 3", "something else");
  assert.deepEqual(notesOf({ train: free(51), test: alike }), []);
  assert.match(
    notesOf({ train: free(50), test: alike })[0]!,
    /^2 of 4 .* lacks: "The answer 3" looks like "the answer 3" \(/,
  );
});
