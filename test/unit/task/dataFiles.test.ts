import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UserError } from "../../../src/base/errors.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { numpyPermutation } from "../../../src/task/numpyShuffle.ts";
import { readRows } from "../../../src/task/rows/readRows.ts";
import { withoutOrigins } from "./withoutOrigins.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adept-data-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const lines = (...rows: object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");
const load = (name: string, more: object = {}): ReturnType<typeof loadTask> =>
  withoutOrigins(loadTask(ExperimentFile.shape.task.parse({ kind: "named", name, folder, ...more })));
const refuses = (work: Promise<unknown>, ...words: RegExp[]): Promise<void> =>
  assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    for (const word of words) assert.match(error.message, word);
    return true;
  });
type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
const parquet = (columnData: Columns, options: object = {}): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...options }));

test("Parquet: strings, 64-bit numbers, floats as short decimals, nulls and several row groups, packed or not", async () => {
  const n = 250;
  const columns: Columns = [
    { name: "sentence1", data: Array.from({ length: n }, (_, i) => `a${i} é🙂`), type: "STRING" },
    { name: "sentence2", data: Array.from({ length: n }, (_, i) => `b${i}`), type: "STRING" },
    { name: "label", data: Array.from({ length: n }, (_, i) => Math.fround((i % 26) / 5)), type: "FLOAT" },
    { name: "idx", data: Array.from({ length: n }, (_, i) => BigInt(i) + 2n ** 53n), type: "INT64" },
    {
      name: "note",
      data: Array.from({ length: n }, (_, i) => (i % 2 === 0 ? null : "x")),
      type: "STRING",
      nullable: true,
    },
  ];
  for (const codec of ["SNAPPY", "UNCOMPRESSED"]) {
    const rows = await readRows(put("d.parquet", parquet(columns, { codec, rowGroupSize: 100 })));
    assert.equal(rows.length, n);
    assert.deepEqual(
      { ...rows[129]!.fields },
      { sentence1: "a129 é🙂", sentence2: "b129", label: "5", idx: String(129n + 2n ** 53n), note: "x" },
    );
    assert.deepEqual(
      [rows[19]!.fields["label"], "note" in rows[128]!.fields, rows[129]!.line, rows[129]!.unit],
      ["3.8", false, 130, "row"],
    );
  }
  put("train.parquet", parquet(columns));
  assert.deepEqual((await load("stsb")).train[19], {
    source: "sentence1: a19 é🙂 sentence2: b19",
    target: "3.8",
    group: String(19n + 2n ** 53n),
  });
});

test("the error of a damaged Parquet file names the file, that of a wrong label the row", async () => {
  const whole = parquet([
    { name: "sentence", data: ["a", "b"], type: "STRING" },
    { name: "label", data: ["1", "yes"], type: "STRING" },
  ]);
  put("train.parquet", whole);
  await refuses(load("cola"), /train\.parquet, row 2: the label "yes"/);
  for (const bytes of [
    whole.slice(0, whole.length - 9),
    whole.slice(0, 3),
    new Uint8Array(0),
    Buffer.from("no parquet at all, but text of some length"),
  ])
    await refuses(readRows(put("d.parquet", bytes)), /d\.parquet.*no Parquet/);
  const broken = whole.slice();
  broken.fill(0xff, 4, 24);
  await refuses(readRows(put("d.parquet", broken)), /d\.parquet/);
  mkdirSync(join(folder, "f.parquet"));
  await refuses(readRows(join(folder, "f.parquet")), /f\.parquet/);
});

test("SQuAD: every question is a row with all of its answers; the task refuses the impossible ones of 2.0", async () => {
  const file = (impossible: boolean): string =>
    JSON.stringify({
      version: "1.1",
      data: [
        {
          title: "t",
          paragraphs: [
            {
              context: "The sky is blue.",
              qas: [
                {
                  id: "q1",
                  question: "Which colour?",
                  answers: [
                    { text: "blue", answer_start: 11 },
                    { text: "Blue", answer_start: 11 },
                  ],
                },
                {
                  id: "q2",
                  question: "What?",
                  answers: impossible ? [] : [{ text: "The sky", answer_start: 0 }],
                  ...(impossible && { is_impossible: true }),
                },
              ],
            },
          ],
        },
      ],
    });
  put("train-v1.1.json", file(false));
  const { train } = await load("squad");
  assert.deepEqual(train, [
    { source: "question: Which colour? context: The sky is blue.", target: "blue", answers: ["blue", "Blue"] },
    { source: "question: What? context: The sky is blue.", target: "The sky", answers: ["The sky"] },
  ]);
  put("train-v1.1.json", file(true));
  await refuses(load("squad"), /question 2: .*is_impossible/);
  put("train-v1.1.json", file(false).replace('"question":"What?"', '"question":7'));
  await refuses(load("squad"), /train-v1\.1\.json, question 2: .*question/);
  put("train-v1.1.json", file(false).slice(0, -20));
  await refuses(load("squad"), /not JSON/);
});

test("MRQA: lines after the header are read, compressed too; the error names what is damaged", async () => {
  const text = lines(
    { header: { dataset: "NewsQA" } },
    {
      context: "c1",
      qas: [
        { qid: "a", question: "q1", answers: ["x", "y"] },
        { qid: "b", question: "q2", answers: ["z"] },
      ],
    },
  );
  put("train.jsonl.gz", gzipSync(text));
  assert.deepEqual(
    (await load("newsqa")).train.map(({ source, answers }) => [source, answers]),
    [
      ["question: q1 context: c1", ["x", "y"]],
      ["question: q2 context: c1", ["z"]],
    ],
  );
  put("train.jsonl.gz", gzipSync(text).subarray(0, 40));
  await refuses(load("newsqa"), /train\.jsonl\.gz is not a complete gzip/);
  put("train.jsonl.gz", new Uint8Array(0));
  await refuses(load("newsqa"), /train\.jsonl\.gz/);
  put("train.jsonl.gz", gzipSync(text.replace('["z"]', "[7]")));
  await refuses(load("newsqa"), /train\.jsonl\.gz:2: the field "qas\.1\.answers\.0"/);
});

test("GLUE's CoLA has no header; the error of a table with too few columns names the line", async () => {
  put("train.tsv", "gj04\t1\t\tOur friends won't buy this.\ngj04\t0\t*\tThey drank the pub.\n");
  assert.deepEqual((await load("cola")).train, [
    { source: "sentence: Our friends won't buy this.", target: "1" },
    { source: "sentence: They drank the pub.", target: "0" },
  ]);
  put("train.tsv", "gj04\t1\t\tFine.\ngj04\t0\tshort\n");
  await refuses(load("cola"), /train\.tsv:2: 3 columns, not the 4/);
  put("train.tsv", "sentence\tlabel\tlabel\na\t1\t1\n");
  await refuses(load("sst2"), /column "label" twice/);
});

test("shards are read in order, and a missing one is named; rows with hidden test labels are not examples", async () => {
  const shard = (text: string): Uint8Array =>
    parquet([
      { name: "sentence", data: [text], type: "STRING" },
      { name: "label", data: [1], type: "INT32" },
    ]);
  put("train-00001-of-00002.parquet", shard("second"));
  await refuses(load("sst2"), /of its 2 shards, 1 are here/);
  put("train-00000-of-00002.parquet", shard("first"));
  put("test.jsonl", lines({ sentence: "x", label: -1 }, { sentence: "y", label: -1 }));
  const { train, test: held } = await load("sst2");
  assert.deepEqual([train.map(({ source }) => source), held], [["sentence: first", "sentence: second"], []]);
  put("test.jsonl", lines({ sentence: "x", label: -1 }, { sentence: "y", label: 1 }));
  await refuses(load("sst2"), /test\.jsonl:1: the label "-1"/);
});

test("a UTF-8 text with a damaged line, a folder, an empty file and keys such as __proto__ are refused", async () => {
  await refuses(
    readRows(
      put("d.jsonl", Buffer.concat([Buffer.from('{"a":"éü"}\n{"a":"'), Buffer.from([0xe9]), Buffer.from('"}\n')])),
    ),
    /d\.jsonl:2: the line is not UTF-8/,
  );
  await refuses(readRows(put("d.tsv", "")), /d\.tsv has no rows/);
  await refuses(readRows(folder), /cannot be read/);
  const [row] = await readRows(put("d.jsonl", '{"__proto__":{"polluted":"yes"},"a":"1","b":null,"c":true,"d":[1]}'));
  assert.deepEqual(
    [({} as Record<string, unknown>)["polluted"], row!.fields["a"], "b" in row!.fields, row!.fields["c"]],
    [undefined, "1", false, "true"],
  );
});

test("official few shots are drawn by numpy's shuffle: floor(k / classes) of each class, the rest of any class", async () => {
  for (const [n, seed, first, digest] of [
    [10, 42, [5, 6, 0, 7, 3, 2, 4, 9, 1, 8], "7065ee2333fd6fbf"],
    [10, 0, [4, 6, 2, 7, 3, 5, 9, 0, 8, 1], "4955438a08f34afd"],
    [1000, 42, [978, 933, 859, 916, 127], "7f19183d29590582"],
    [70000, 7, [15808, 48179, 11705], "8fd2f1ce3d69d9bc"],
    [3, 2 ** 40 + 5, [1, 0, 2], "a890adf674b36ba6"],
  ] as const) {
    const order = numpyPermutation(n, seed);
    assert.deepEqual([...order.slice(0, first.length)], first);
    assert.equal(createHash("sha256").update(new Uint8Array(order.buffer)).digest("hex").slice(0, 16), digest);
  }
  const labels = [1, 1, 1, 1, 1, 1, 1, 0, 0, 0];
  put("train.jsonl", lines(...labels.map((label, i) => ({ sentence: `s${i}`, label }))));
  // The order of seed 42 is 5 6 0 7 3 2 4 9 1 8: two of class 1, one of class 0, then whatever comes: a third of class
  // 1.
  const drawn = (await load("sst2", { shots: { k: 4, seed: 42, sampling: "official" } })).train;
  assert.deepEqual(
    drawn.map(({ source }) => source),
    ["sentence: s5", "sentence: s6", "sentence: s7", "sentence: s3"],
  );
  await refuses(load("nq", { shots: { k: 4, sampling: "official" } }), /no field|no classes/);
});

test("ReCoRD: one example with every answer, or officially one for each; Yelp officially has 100,000 shuffled rows", async () => {
  put(
    "train.jsonl",
    lines({
      query: "Who is @placeholder?",
      entities: ["Ann", "Bob"],
      passage: "Text.\n@highlight\nMore",
      answers: ["Ann", "Bob"],
    }),
  );
  assert.deepEqual((await load("record")).train, [
    {
      source: "record query: Who is @placeholder? entities: Ann, Bob passage: Text.\n@highlight\nMore",
      target: "Ann",
      answers: ["Ann", "Bob"],
    },
  ]);
  assert.deepEqual(
    (await load("record", { official: true })).train.map(({ source, target, answers }) => [
      source.slice(-16),
      target,
      answers,
    ]),
    [
      ["passage: Text. More".slice(-16), "Ann", ["Ann"]],
      ["passage: Text. More".slice(-16), "Bob", ["Bob"]],
    ],
  );
  put("train.jsonl", Array.from({ length: 100_020 }, (_, i) => `{"text":"s${i}","label":${i % 2}}`).join("\n"));
  const yelp = await load("yelp", { official: true });
  assert.deepEqual(
    [yelp.train.length, yelp.train[0]?.source],
    [100_000, `sentence: s${numpyPermutation(100_020, 42)[0]}`],
  );
});

test("MBPP's programs have their assertions; the error of a row without them names the row", async () => {
  put(
    "train.jsonl",
    lines({
      task_id: 1,
      text: "Add.",
      code: "def f(a):\r\n  return a",
      test_list: ["assert f(1) == 1"],
      test_setup_code: "import math",
    }),
  );
  assert.deepEqual((await load("mbpp")).train, [
    { source: "text: Add.", target: "def f(a):\r\n  return a", tests: ["import math", "assert f(1) == 1"] },
  ]);
  put("train.jsonl", lines({ text: "Add.", code: "x" }));
  await refuses(load("mbpp"), /train\.jsonl:1: no list "test_list"/);
});

test("a data file is never written to", async () => {
  const text = lines({ sentence: "a", label: 1 });
  const path = put("train.jsonl", text);
  await load("sst2");
  assert.equal(readFileSync(path, "utf8"), text);
});
