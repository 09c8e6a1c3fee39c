import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import type { TaskData } from "../../../src/task/example.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";
import { KnownData } from "../../../src/worker/check/knownData.ts";
import { draftExamples } from "../../../src/worker/tokens/draftExamples.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-bad-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const whole = { validation: 0, test: 0 };
const load = (train: string, more: object = {}): Promise<TaskData> =>
  loadTask(
    ExperimentFile.shape.task.parse({
      kind: "file",
      train,
      source: "{text}",
      target: "{label}",
      split: whole,
      ...more,
    }),
  );
const errorOf = async (work: Promise<unknown>): Promise<UserError> => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    return error;
  }
  assert.fail("no error");
};

/** Files of 8 good rows, with the lines of bad ones and why. */
const good = (row: (i: number) => string): string[] => Array.from({ length: 8 }, (_, i) => row(i));
const FILES: [string, string, [number, RegExp][]][] = [
  [
    "a.jsonl",
    [
      ...good((i) => `{"text":"t${i}","label":"x"}`),
      '{"text":"a"}',
      "{",
      "7",
      '{"text":"a","label":null}',
      '{"text":" ","label":"x"}',
      '{"text":"a","label":["x"]}',
      '{"text":"a","label":""}',
    ].join("\n"),
    [
      [9, /no field "label"/],
      [10, /not JSON/],
      [11, /not an object/],
      [12, /is null/],
      [13, /the input is empty/],
      [14, /a list/],
      [15, /the label is empty/],
    ],
  ],
  [
    "b.csv",
    ["text,label", ...good((i) => `t${i},x`), "a,b,c", '"a"b,x', ",x", '"never closed,x', "good,x"].join("\n"),
    [
      [10, /3 columns/],
      [11, /a quote stands inside/],
      [12, /the input is empty/],
      [13, /not closed/],
    ],
  ],
  [
    "c.tsv",
    ["text\tlabel", ...good((i) => `t${i}\tx`), "alone", "a\t"].join("\n"),
    [
      [10, /1 columns/],
      [11, /the label is empty/],
    ],
  ],
  [
    "d.json",
    JSON.stringify([...good((i) => `t${i}`).map((text) => ({ text, label: "x" })), 5, { text: "a", label: {} }]),
    [
      [9, /not an object/],
      [10, /an object/],
    ],
  ],
];

for (const [name, text, bad] of FILES)
  test(`${name}: bad rows are counted, the first five shown; an option leaves them out; page and editor say the same`, async () => {
    const path = put(name, text);
    const kept = name === "b.csv" ? 9 : 8;
    const error = await errorOf(load(path));
    const [first, ...shown] = error.message.split("\n");
    assert.equal(first, `${path}: ${bad.length} of ${bad.length + kept} rows cannot be used:`);
    bad.slice(0, 5).forEach(([line, why], i) => {
      assert.match(shown[i]!, new RegExp(`(:|, row )${line}: `));
      assert.match(shown[i]!, why);
    });
    assert.equal(shown[5], bad.length > 5 ? `and ${bad.length - 5} more` : undefined);
    assert.match(error.action ?? "", /skipBadRows/);
    const { train, notes = [] } = await load(path, { skipBadRows: true });
    assert.equal(train.length, kept);
    assert.match(english(notes[0]!), new RegExp(`${bad.length} of ${bad.length + kept} rows .* are left out`));
    const draft = await draftExamples(
      { kind: "file", train: path, source: "{text}", target: "{label}" },
      new KnownData(),
      false,
    );
    assert.equal(
      english(draft.trouble!),
      english(error.phrase) + (error.action === undefined ? "" : `. ${error.action}`),
    );
    assert.equal(draft.examples.length, kept);
    const experiment = {
      name: "x",
      task: { kind: "file", train: name, source: "{text}", target: "{label}" },
      method: { kind: "adept" },
    };
    const check = async (more: object): Promise<string[]> =>
      (
        await checkExperiment(
          join(folder, "x.adept.json"),
          JSON.stringify({ ...experiment, task: { ...experiment.task, ...more } }),
        )
      ).problems.map(({ message }) => english(message));
    assert.deepEqual((await check({})).slice(0, 1), [english(draft.trouble!)]);
    assert.deepEqual(await check({ skipBadRows: true }), notes.map(english));
  });

test("one bad row has its own message; where all rows lack a field the template is wrong; none left is an error", async () => {
  const one = await errorOf(load(put("one.jsonl", '{"text":"a","label":"x"}\n{"text":"b"}\n')));
  assert.match(one.message, /one\.jsonl:2: the row has no field "label"/);
  assert.match(one.action ?? "", /skipBadRows/);
  const all = await errorOf(load(put("all.jsonl", '{"text":"a","y":"x"}\n{"text":"b","y":"x"}\n')));
  assert.match(all.message, /^[^\n]*all\.jsonl:1: the row has no field "label"[^\n]*$/);
  const none = await errorOf(load(put("none.csv", "text,label\n,x\n,y\n"), { skipBadRows: true }));
  assert.match(none.message, /2 of 2 rows cannot be used/);
});

test("a row whose input is empty is told by its own line, behind cells of several lines too, and is never left out unsaid", async () => {
  const files: [string, string, RegExp][] = [
    ["q.csv", 'text,label\n"two\nlines",x\n"",y\n"a, ""b""",x\n', /q\.csv:4: the input is empty/],
    ["q.tsv", 'text\tlabel\n"a\tb"\tx\n"three\n\nlines"\tx\n""\ty\n', /q\.tsv:6: the input is empty/],
    [
      "semicolon.csv",
      'text;label\r\n"1,5";x\r\n\r\n"";y\r\n" ";y\r\n',
      /semicolon\.csv:4: .*\n.*:5: the input is empty/,
    ],
    ["e.json", '[{"text":"a","label":"x"},\n\n{"text":"","label":"y"}]', /e\.json, row 2: the input is empty/],
    ["e.jsonl", '{"text":"a\\nb","label":"x"}\n\n{"text":"\\t","label":"y"}\n', /e\.jsonl:3: the input is empty/],
  ];
  for (const [name, text, words] of files) {
    const path = put(name, text);
    assert.match((await errorOf(load(path))).message, words);
    const { train } = await load(path, { skipBadRows: true });
    assert.ok(train.length > 0 && train.every(({ source, target }) => source.trim() !== "" && target === "x"), name);
  }
});

test("conversations and the paper's tasks leave out bad rows too", async () => {
  const chat = put(
    "c.jsonl",
    ['{"prompt":"a","completion":"b"}', '{"prompt":"a"}', '{"prompt":"a","completion":" "}'].join("\n"),
  );
  const task = { kind: "chat", train: chat, split: whole };
  assert.match((await errorOf(loadTask(ExperimentFile.shape.task.parse(task)))).message, /2 of 3 rows/);
  const kept = await loadTask(ExperimentFile.shape.task.parse({ ...task, skipBadRows: true }));
  assert.deepEqual([kept.train.length, kept.notes?.length], [1, 1]);
  put("train.jsonl", ['{"sentence":"a","label":1}', '{"sentence":"b","label":7}', "{}"].join("\n"));
  const named = { kind: "named", name: "sst2", folder };
  assert.match((await errorOf(loadTask(ExperimentFile.shape.task.parse(named)))).message, /2 of 3 rows/);
  assert.equal((await loadTask(ExperimentFile.shape.task.parse({ ...named, skipBadRows: true }))).train.length, 1);
});

test("a folder of texts in another encoding is read, and that is said once", async () => {
  const texts = mkdtempSync(join(folder, "texts-"));
  for (const name of ["a", "b", "c"])
    writeFileSync(
      join(texts, `${name}.txt`),
      Buffer.from(`${"the caf\u00e9 is a nice place to be ".repeat(4)}\n`, "latin1"),
    );
  const { train, notes = [] } = await loadTask(ExperimentFile.shape.task.parse({ kind: "text", folder: texts }));
  assert.ok(train.length > 0);
  assert.equal(notes.length, 1);
  assert.match(english(notes[0]!), /a\.txt|b\.txt|c\.txt/);
  assert.match(english(notes[0]!), /Latin-1[^]*So are 2 more files/);
});

test("the setup page is told of an encoding that was found out", async () => {
  const path = join(folder, "latin.csv");
  writeFileSync(path, Buffer.from("text,label\ncaf\u00e9 is nice,good\nso so,bad\n", "latin1"));
  const draft = await draftExamples({ kind: "file", train: path }, new KnownData(), false);
  assert.match(english(draft.note!), /Latin-1/);
  const plain = await draftExamples({ kind: "file", train: put("p.csv", "text,label\na,b\n") }, new KnownData(), false);
  assert.equal(plain.note, undefined);
});
