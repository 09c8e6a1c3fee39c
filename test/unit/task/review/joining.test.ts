import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../../src/base/phrase.ts";
import { ColumnTable } from "../../../../src/task/counts/columnTable.ts";
import { DataReview } from "../../../../src/task/review/dataReview.ts";
import type { Facts } from "../../../../src/task/review/facts.ts";
import type { SplitName } from "../../../../src/task/splitNames.ts";

const TASK = { inputs: ["text", "code"], targets: ["label"], drawn: ["test" as const] };

/** Examples of every kind that a note is made of, in the order in which they are read. */
function examples(): { split: SplitName; facts: Facts }[] {
  const example = (split: SplitName, i: number, path: string, text = `text ${i} of ${split}`) => {
    const label = i % 2 === 0 ? "a" : "b";
    const values = {
      text,
      code: `${label}${i % 4}`,
      context: `a long passage that several rows share: ${split === "train" ? Math.floor(i / 5) : 39 - (i % 40)}`,
      label,
    };
    return { split, facts: { source: `${text} ${values.code}`, target: label, values, row: { path, line: i + 1 } } };
  };
  const train = Array.from({ length: 200 }, (_, i) => example("train", i, i < 90 ? "one.jsonl" : "two.jsonl"));
  const torn = { ...train[60]!, facts: { ...train[60]!.facts, target: "b", row: { path: "two.jsonl", line: 999 } } };
  const test_ = Array.from({ length: 40 }, (_, i) => example("test", i, "test.jsonl"));
  const copy = {
    split: "test" as const,
    facts: { ...train[120]!.facts, target: "B", row: { path: "test.jsonl", line: 77 } },
  };
  return [...train, torn, ...test_, copy];
}

function reviewOf(part: ReturnType<typeof examples>): DataReview {
  const review = new DataReview(TASK);
  for (const { split, facts } of part) review.add(split, facts);
  return review;
}

test("reviews of parts, sent as structured clones, are joined to that of the whole", () => {
  const all = examples();
  const whole = reviewOf(all).notes().map(english);
  assert.equal(whole.length, 4, whole.join("\n"));
  assert.match(whole[0]!, /"B" looks like "b" \(test\.jsonl:77\)/);
  assert.match(whole[1]!, /test\.jsonl:77, whose input is that of two\.jsonl:121/);
  assert.match(whole[2]!, /two\.jsonl:999, after one\.jsonl:61/);
  assert.match(whole[3]!, /share their "context"/);
  for (const cuts of [[100], [61], [90, 91, 205], [0, 241]]) {
    const ends = [...cuts, all.length];
    const [first, ...others] = ends.map((end, i) => reviewOf(all.slice(ends[i - 1] ?? 0, end)));
    const joined = new DataReview(TASK, structuredClone(first!.state()));
    for (const other of others) joined.join(new DataReview(TASK, structuredClone(other.state())));
    assert.deepEqual(joined.notes().map(english), whole, `parts that end at ${ends.join(", ")}`);
  }
});

test("a column that gives the label away is found in joined parts, and one that does not in one of them is none", () => {
  const giving = (rows: ReturnType<typeof examples>): boolean =>
    reviewOf(rows)
      .notes()
      .some((note) => english(note).startsWith("The input gives"));
  const all = examples().slice(0, 200);
  assert.ok(giving(all));
  const joined = (one: typeof all, other: typeof all): boolean => {
    const review = reviewOf(one);
    review.join(reviewOf(other));
    return review.notes().some((note) => english(note).startsWith("The input gives"));
  };
  assert.ok(joined(all.slice(0, 100), all.slice(100)));
  const swapped = all.map(({ split, facts }) => ({
    split,
    facts: { ...facts, target: facts.target === "a" ? "b" : "a" },
  }));
  assert.ok(!joined(all.slice(0, 100), swapped.slice(100)), "each part alone has one label a value");
});

test("of many different values a sample is counted, the same in one table and in joined ones", () => {
  const add = (table: ColumnTable, from: number, to: number): void => {
    for (let i = from; i < to; i++)
      table.add(i % 5 === 0 ? "test" : "train", `group ${Math.floor(i / 4)}`, { target: "x", example: i });
  };
  const whole = new ColumnTable();
  add(whole, 0, 200_000);
  const [one, other] = [new ColumnTable(), new ColumnTable()];
  add(one, 0, 130_000);
  add(other, 130_000, 200_000);
  one.join(new ColumnTable(structuredClone(other.state())), { train: 0, validation: 0, test: 0 });
  const counts = (table: ColumnTable): unknown[] => table.all().map(({ counts }) => counts);
  assert.equal(counts(whole).length, counts(one).length);
  assert.ok(counts(whole).length <= 8192 && counts(whole).length > 3000);
  assert.equal(whole.scale, 8);
  const shared = (table: ColumnTable): number =>
    table.all().filter(({ counts }) => counts.train > 0 && counts.test > 0).length * table.scale;
  assert.equal(shared(one), shared(whole));
  const [small, large] = [new ColumnTable(), new ColumnTable()];
  add(small, 0, 30_000);
  add(large, 30_000, 200_000);
  small.join(large, { train: 0, validation: 0, test: 0 });
  assert.deepEqual([small.scale, counts(small).length, shared(small)], [8, counts(whole).length, shared(whole)]);
  // Of every twenty rows four test rows are in four of the five groups.
  assert.ok(Math.abs(shared(whole) / 40_000 - 1) < 0.05, `${shared(whole)} of 40,000`);
});

test("an example takes 24 bytes, whatever its length", () => {
  const review = new DataReview({ inputs: [], targets: [], drawn: [] });
  for (let i = 0; i < 1000; i++) review.add("train", { source: `${i} ${"long ".repeat(100)}`, target: `answer ${i}` });
  const { inputs, places } = review.state();
  assert.equal(inputs.train.byteLength + places.train.rows.byteLength, 24 * 1000);
});
