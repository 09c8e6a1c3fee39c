import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { DataReview } from "../../../src/task/review/dataReview.ts";
import { SPLITS } from "../../../src/task/splitNames.ts";
import { factsOf, reviewedTask } from "../../../src/task/review/reviewedTask.ts";
import { guessColumnRoles, templatesOf } from "../../../src/task/rows/guessColumnRoles.ts";
import { readRows } from "../../../src/task/rows/readRows.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";
import { inspect } from "../../../src/worker/tokens/inspect.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-reviewed-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, count: number, row: (i: number) => object): string => {
  writeFileSync(join(folder, name), Array.from({ length: count }, (_, i) => JSON.stringify(row(i))).join("\n"));
  return name;
};
const WORDS = ["rain", "sun", "snow", "wind", "fog"];
const text = (i: number): string => `day number ${i} had some ${WORDS[i % 5]!} in it`;

/** What the editor says of an experiment of this task: the text that is marked, and the note. */
async function squiggles(task: object): Promise<{ marked: string; note: string }[]> {
  const experiment = {
    name: "x",
    backbone: "tiny-t5",
    task: { kind: "file", source: "{text}", target: "{label}", ...task },
    method: { kind: "pt", promptLength: 4 },
    training: { steps: 10 },
  };
  const written = JSON.stringify(experiment, undefined, 1);
  const { problems } = await checkExperiment(join(folder, "x.adept.json"), written);
  return problems.map(({ from, to, severity, message }) => {
    assert.equal(severity, "warning", english(message));
    return { marked: written.slice(from, to), note: english(message) };
  });
}
/** What training says of the same task. */
async function told(task: object): Promise<string[]> {
  const spec = ExperimentFile.shape.task.parse({ kind: "file", source: "{text}", target: "{label}", ...task });
  const data = await loadTask(spec);
  const review = new DataReview(reviewedTask(spec, data.drawn));
  for (const split of SPLITS) for (const example of data[split]) review.add(split, factsOf(example));
  return review.notes().map(english);
}
const at = (name: string): string => join(folder, name);

test("the editor says what training will say of the files, at the key that it is about", async () => {
  const train = put("train.jsonl", 60, (i) => ({
    text: text(i),
    topic: `t${i % 6}`,
    label: i % 2 === 0 ? "Yes" : "No",
  }));
  const held = put("test.jsonl", 30, (i) => ({ text: text(i + 55), topic: "t1", label: "yes" }));
  const source = "{topic}: {text}";
  const found = await squiggles({ train, test: held, source });
  assert.deepEqual(
    found.map(({ marked, note }) => [marked, note.replaceAll(`${folder}/`, "")]),
    [
      [
        '"test.jsonl"',
        '30 of 30 test examples (100.0 %) have a label that training lacks: "yes" looks like "Yes" (test.jsonl:1)',
      ],
      [
        '"test.jsonl"',
        '30 of 30 test examples (100.0 %) have the target "yes": accuracy hardly tells a model from that answer alone',
      ],
      [
        '"{topic}: {text}"',
        'The input gives the label away: in all 54 training examples each of the 6 values of "topic" has one label, such as "t2": "Yes". Leave {topic} out of the input, unless it is known where the model is used',
      ],
    ],
  );
  assert.deepEqual(
    found.map(({ note }) => note),
    await told({ train: at(train), test: at(held), source }),
  );
});

test("splits that a seed draws are those of training", async () => {
  const train = put("groups.jsonl", 120, (i) => ({
    text: text(i % 100),
    user: `u${Math.floor(i / 3)}`,
    label: `l${i % 2}`,
  }));
  const found = await squiggles({ train });
  assert.deepEqual(
    found.map(({ note }) => note),
    await told({ train: at(train) }),
  );
  assert.match(found[0]!.note, /have an input that is also in training/);
  assert.match(found[1]!.note, /share their "user" with training examples/);
  assert.ok(found.every(({ marked }) => marked === '"groups.jsonl"'));
});

test("of a file that is read in part nothing is said that its rest may change", async () => {
  const long = "a long day of weather ".repeat(60);
  const train = put("sorted.jsonl", 1200, (i) => ({ text: `${long} ${i}`, label: i < 1000 ? "1" : "2" }));
  const held = put("both.jsonl", 40, (i) => ({ text: text(i), label: i % 2 === 0 ? "1" : "2" }));
  assert.deepEqual(await squiggles({ train, test: held }), []);
  const other = put("alike.jsonl", 40, (i) => ({ text: text(i), label: i % 2 === 0 ? "1.0" : "2" }));
  const [found] = await squiggles({ train, test: other });
  assert.match(found!.note, /^20 of 40 test examples .* "1\.0" looks like "1"/);
});

test("the editor says where the labels of a named task's test are hidden", async () => {
  put("train.jsonl", 20, (i) => ({ sentence: text(i), label: i % 2 }));
  const validation = put("validation.jsonl", 20, (i) => ({ sentence: text(i + 30), label: i % 2 }));
  put("test.jsonl", 20, (i) => ({ sentence: text(i + 60), label: -1 }));
  const task = { kind: "named", name: "cola", folder: ".", source: undefined, target: undefined };
  const [found, ...more] = await squiggles(task);
  assert.match(found!.note, /test\.jsonl: the labels are hidden.* official splits/);
  assert.deepEqual([found!.marked, more], ['"."', []]);
  assert.deepEqual(await squiggles({ ...task, split: "official" }), [], "it is not read");
  put("test.jsonl", 20, (i) => ({ sentence: text(i + 60), label: i % 2 }));
  assert.deepEqual(await squiggles(task), []);
  rmSync(at(validation));
});

const LENGTHS = { id: 1, type: "inspect" as const, backbone: "tiny-t5", maxSourceLength: 32, maxTargetLength: 4 };

/** Columns that give the label away, and one that does not. */
const COLUMNS: Record<string, (label: string, i: number) => string> = {
  "a finer label": (label, i) => `${label}: kind ${i % 4}`,
  "an id with the class in it": (label, i) => `${label.slice(0, 2)}-${1000 + i}-of-the-file`,
  "a remark that has the label in it": (label, i) => `marked as ${label} by the reader number ${i}`,
};
for (const [what, value] of Object.entries(COLUMNS))
  test(`the setup page does not propose ${what} as an input, and says what it gives away where it is taken`, async () => {
    const labels = ["news", "sport"];
    const train = put("setup.jsonl", 80, (i) => ({
      text: text(i),
      extra: value(labels[i % 2]!, i),
      label: labels[i % 2]!,
    }));
    const proposed = await inspect({ ...LENGTHS, task: { kind: "file", train: at(train) } });
    assert.deepEqual([proposed.source, proposed.target, proposed.note], ["{text}", "{label}", undefined]);
    const task = { kind: "file" as const, train: at(train), source: "{extra} {text}", target: "{label}" };
    const { note } = await inspect({ ...LENGTHS, task });
    assert.match(english(note!), /^The input gives the label away: .*"extra".*where the model is used\.$/);
  });

test("a column that tells nothing alone is still proposed, and the only one too", async () => {
  const rows = put("both.csv", 60, (i) => ({
    a: text(i),
    b: `a second text, ${i * 7}`,
    label: i % 2 === 0 ? "x" : "y",
  }));
  assert.equal(templatesOf(guessColumnRoles(await readRows(at(rows)))).source, "a: {a} b: {b}");
  const only = put("only.jsonl", 60, (i) => ({ word: WORDS[i % 5]!, label: i % 5 < 2 ? "x" : "y" }));
  assert.equal(templatesOf(guessColumnRoles(await readRows(at(only)))).source, "{word}");
});

test("the setup page says that one class has nearly all rows", async () => {
  const train = put("skewed.jsonl", 100, (i) => ({ text: text(i), label: i % 50 === 0 ? "rare" : "common" }));
  const { note } = await inspect({ ...LENGTHS, task: { kind: "file", train: at(train) } });
  assert.match(english(note!), /^\d\d of 80 training examples .* have the target "common".*alone\.$/);
});

const TREC = join(import.meta.dirname, "../../../../shared/data/trec/train.jsonl");
test("TREC's finer labels are no input", { skip: !existsSync(TREC) }, async () => {
  const rows = (await readRows(TREC)).map((row) => ({
    ...row,
    fields: { ...row.fields, label_fine: `${row.fields["label_fine"]!} is the finer label` },
  }));
  assert.equal(templatesOf(guessColumnRoles(rows)).source, "{text}");
});

test("of the first MB of a file all rows count as training", async () => {
  const long = "a long day of weather ".repeat(60);
  const row = (i: number): object => ({
    text: `${long} ${1000 + i}`,
    topic: `t${i % 4}`,
    label: i % 2 === 0 ? "x" : "y",
  });
  const train = put("large.jsonl", 1500, row);
  const [found] = await squiggles({ train, source: "{topic} {text}" });
  const rows = Math.floor(1e6 / (JSON.stringify(row(0)).length + 1));
  assert.match(found!.note, new RegExp(`^The input gives the label away: in all ${rows} training examples`));
});
