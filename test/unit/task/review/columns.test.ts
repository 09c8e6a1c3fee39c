import assert from "node:assert/strict";
import { test } from "node:test";
import { notesOf, rowsOf, type TestData, type TestRow } from "./reviewed.ts";

const LABELS = ["news", "sport", "art"];
/** Rows of which each has its label, and another column made from it. */
const withColumn = (value: (label: string, i: number) => string, count = 60): TestRow[] =>
  rowsOf(count, (i) => {
    const label = LABELS[(i * 7) % 3]!;
    return { text: `a text with the number ${i} in it`, label, extra: value(label, i) };
  });
const BOTH = { inputs: ["text", "extra"] };
const giving = (train: readonly TestRow[], inputs = BOTH.inputs): string[] =>
  notesOf({ train }, { inputs }).filter((note) => note.startsWith("The input gives the label away"));

test("a column is told of whose value alone has one label", () => {
  assert.deepEqual(giving(withColumn((label, i) => `${label[0]!.toUpperCase()}${i % 2}`)), [
    'The input gives the label away: in all 60 training examples each of the 6 values of "extra" has one label, such as "N0": "news". Leave {extra} out of the input, unless it is known where the model is used',
  ]);
  assert.equal(giving(withColumn((label) => String(LABELS.indexOf(label)))).length, 1, "the class as a number");
  assert.equal(giving(withColumn((label) => label)).length, 1, "the label itself");
  const reason = withColumn((label, i) => (label === "news" ? "" : `because of the reason ${i}`));
  assert.equal(giving(reason).length, 0, "an empty value that only one label has, beside unique ones of two labels");
});

test("an id that encodes the class is told of, by its part that does", () => {
  const [start] = giving(withColumn((label, i) => `${["a", "b", "c"][LABELS.indexOf(label)]!}-${i}`));
  assert.match(start!, /the first part of "extra" has one label each \(3 different ones\)/);
  const [end] = giving(withColumn((label, i) => `${i}_${LABELS.indexOf(label)}`));
  assert.match(end!, /the last part of "extra" has one label each/);
  const [letters] = giving(withColumn((label, i) => `${["xa", "qb", "zz"][LABELS.indexOf(label)]!}${1000 + i}`));
  assert.match(letters!, /the letters of "extra" have one label each/);
  const [inside] = giving(withColumn((label, i) => `row ${i}, filed under ${label.toUpperCase()}`));
  assert.match(inside!, /each value of "extra" has its label in it, such as "row 0, filed under NEWS": "news"/);
});

test("columns that do not give the label away are not told of", () => {
  const not: Record<string, (label: string, i: number) => string> = {
    "unique text": (_, i) => `each value ${i} comes once`,
    "unique ids": (_, i) => `train-${i}`,
    "random ids": (_, i) => Math.imul(i + 1, 0x9e3779b1).toString(16),
    "a category": (_, i) => ["a", "b", "c", "d"][i % 4]!,
    "a constant": () => "film",
    "one row otherwise": (label, i) => (i === 17 ? "news" : label).slice(0, 1),
    "all labels as choices": () => "choose: news, sport, art",
  };
  for (const [what, value] of Object.entries(not)) assert.deepEqual(giving(withColumn(value)), [], what);
  assert.deepEqual(
    giving(
      withColumn((label) => label),
      ["text"],
    ),
    [],
    "a column that the input does not use",
  );
  assert.deepEqual(giving(withColumn((label) => label).map((row) => ({ ...row, label: "news" }))), [], "one label");
});

test("what chance gives, copies of whole rows, and free targets are no giving columns", () => {
  const few = rowsOf(9, (i) => ({ text: `text ${i}`, label: i < 5 ? "a" : "b", extra: i < 5 ? "x" : "y" }));
  assert.deepEqual(giving(few), [], "nine rows may be so by chance");
  assert.equal(giving([...few, ...few.map((row) => ({ ...row, text: `${row.text} more` }))]).length, 1);
  const copies = withColumn((_, i) => String(i), 40).flatMap((row) => [row, row, row, row]);
  assert.deepEqual(giving(copies, ["text"]), [], "every row four times");
  const free = rowsOf(60, (i) => ({ text: `context ${i % 20}`, label: `answer ${i}`, extra: `answer ${i}` }));
  assert.deepEqual(giving(free), [], "the answer of a free text");
  const rare = rowsOf(100, (i) => ({ text: `text ${i}`, label: i === 50 ? "b" : "a", extra: i === 50 ? "y" : "x" }));
  assert.deepEqual(giving(rare), [], "one row of a rare label");
  const lookup = rowsOf(200, (i) => ({ text: `word ${i % 8}`, label: i % 8 < 4 ? "a" : "b" }));
  assert.equal(giving(lookup, ["text"]).length, 1, "an input of eight words, each many times");
});

/** Questions on passages, five a passage; every sixth row is in test. */
function passages(column: string, value: (passage: number) => string): TestData {
  const rows = rowsOf(240, (i) => ({
    text: `question ${i} of some length`,
    label: i % 4 < 2 ? "yes" : "no",
    [column]: value(Math.floor(i / 5)),
  }));
  return { train: rows.filter((_, i) => i % 6 !== 0), test: rows.filter((_, i) => i % 6 === 0) };
}
const LONG = (i: number): string => `a passage about the subject ${i}, which goes on for a while`;

test("rows of one group in training and in a drawn test are told, with their number", () => {
  const drawn = ["test"] as const;
  assert.deepEqual(notesOf(passages("context", LONG), { inputs: ["text", "context"], drawn }), [
    '40 of 40 test examples (100.0 %) share their "context" with training examples; the first is test.jsonl:1, with train.jsonl:1 in training. The seed has drawn rows, not groups: split by "context" into files to test on new ones',
  ]);
  for (const name of ["user_id", "documentId", "idx.question", "Title"])
    assert.equal(notesOf(passages(name, String), { drawn }).length, 1, name);
  const halfNew = passages("user_id", (passage) => String(passage));
  const fresh = { ...halfNew, test: halfNew.test!.map((row, i) => (i < 30 ? { ...row, user_id: `new ${i}` } : row)) };
  assert.match(notesOf(fresh, { drawn })[0]!, /^10 of 40 test examples \(25\.0 %\).* the first is test\.jsonl:31, /);
});

test("categories, single rows, given files and targets are no groups", () => {
  const drawn = ["test"] as const;
  assert.deepEqual(notesOf(passages("context", LONG), { drawn: [] }), [], "files of the user's own");
  assert.deepEqual(notesOf(passages("rating", String), { drawn }), [], "a number whose name says no group");
  assert.deepEqual(
    notesOf(
      passages("topic_id", (i) => String(i % 10)),
      { drawn },
    ),
    [],
    "ten topics",
  );
  const alone = passages("context", LONG);
  const unique = (rows: readonly TestRow[] = []): TestRow[] =>
    rows.map((row, i) => ({ ...row, context: `${row["context"]!} ${row["text"]!} ${i}` }));
  assert.deepEqual(notesOf({ train: unique(alone.train), test: unique(alone.test) }, { drawn }), []);
  assert.deepEqual(notesOf(passages("doc_id", String), { drawn, targets: ["doc_id"] }), [], "the target");
});

test("texts that a few rows share, and ids of some of the rows, give nothing away", () => {
  const shared = rowsOf(120, (i) => ({
    text: `question ${i}`,
    label: LABELS[Math.floor(i / 6) % 3]!,
    extra: `a passage about the subject ${Math.floor(i / 6)}, which goes on`,
  }));
  assert.deepEqual(giving(shared), [], "six rows a passage");
  const some = withColumn((label, i) => (i % 2 === 0 ? `${label[0]!}-${i}` : `no id, but words ${i}`), 120);
  assert.deepEqual(giving(some), [], "every second value is an id");
});

test("a few values that come twice make no groups", () => {
  const drawn = ["test"] as const;
  const data = passages("user_id", String);
  const nearlyUnique = (from: number, rows: readonly TestRow[] = []): TestRow[] =>
    rows.map((row, i) => ({ ...row, user_id: String((from + i) % 190) }));
  assert.deepEqual(notesOf({ train: nearlyUnique(0, data.train), test: nearlyUnique(180, data.test) }, { drawn }), []);
});

test("copies of whole rows, a few long texts and columns of very many rows a value are no groups", () => {
  const drawn = ["test"] as const;
  const split = (rows: readonly TestRow[]): TestData => ({
    train: rows.filter((_, i) => i % 6 !== 0),
    test: rows.filter((_, i) => i % 6 === 0),
  });
  const copies = rowsOf(240, (i) => ({
    text: `text ${i % 80} of them`,
    label: `l${i % 80 < 40 ? 1 : 2}`,
    user_id: `u${i % 80}`,
  }));
  const [copied, ...more] = notesOf(split(copies), { drawn });
  assert.match(copied!, /also in training/);
  assert.deepEqual(more, []);
  const prompts = passages("instruction", (i) => LONG(i % 10));
  assert.deepEqual(notesOf(prompts, { drawn }), [], "ten instructions");
  const many = (values: number): TestRow[] =>
    rowsOf(15_000, (i) => ({ text: `text ${i}`, label: `l${i % 5}`, context: LONG(i % values) }));
  assert.deepEqual(notesOf(split(many(29)), { drawn }), [], "517 rows a text");
  assert.equal(notesOf(split(many(31)), { drawn }).length, 1, "484 rows a text");
});
