import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UserError } from "../../../src/base/errors.ts";
import { csvForm, columnNames, TSV } from "../../../src/experiment/tableForm.ts";
import { documentKindOf } from "../../../src/heatmap/documentKind.ts";
import { rowTexts } from "../../../src/heatmap/rowTexts.ts";
import { tableCells } from "../../../src/heatmap/tableFields.ts";
import { guessColumnRoles, templatesOf } from "../../../src/task/rows/guessColumnRoles.ts";
import type { Row } from "../../../src/task/rows/row.ts";
import { looksHeaderless } from "../../../src/task/rows/looksHeaderless.ts";
import { firstRows, readRows } from "../../../src/task/rows/readRows.ts";
import { columnsOf, compileTemplate } from "../../../src/task/template.ts";
import { loadNamedTask } from "../../../src/task/namedTask.ts";
import { makeJson, makeLines } from "../make/makeJson.ts";
import { makeTable } from "../make/makeTable.ts";
import { holds, texts, type Reader } from "../reader.ts";
import { checkRows } from "./checkRows.ts";

/** Reads a file like a task and like the setup page. */
async function look(path: string): Promise<void> {
  const rows = await readRows(path);
  const columns = guessColumnRoles(rows);
  checkRows(rows);
  looksHeaderless(rows);
  const { source, target } = templatesOf(columns);
  const use = { file: path, columns: columnsOf(rows) };
  for (const [name, template] of [
    ["source", source],
    ["target", target],
  ] as const) {
    const made = compileTemplate(template, { ...use, name });
    for (const row of rows.slice(0, 20)) holds(typeof made(row) === "string", "a template's text");
  }
}

function dataReader(name: string, extension: string, corpus: Reader["corpus"], more: Partial<Reader> = {}): Reader {
  return {
    name,
    corpus,
    ...more,
    open: (folder) => async (input) => {
      const path = join(folder, `train.${extension}`);
      writeFileSync(path, input);
      let refused: unknown;
      try {
        checkRows((await firstRows(path, 200)).rows);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        refused = error;
      }
      await look(path);
      // The first rows of what is read as a whole may hold none that is whole.
      holds(refused === undefined || refused instanceof UserError, "the first rows");
    },
  };
}

const CSV = texts(
  'text,label\n"a, ""b""",ham\nc d,spam\n',
  "text;label\r\n1,5;x\r\n\r\n2;y\r\n",
  '"multi\nline",b\n1,"2\n3"\n',
);
const TSVS = texts('sentence\tlabel\nI said "no\t1\nx\t0\n', "a\tb\tc\n\t\t\n1\t2\t3\n");
const JSONL = texts(
  '{"text":"a","label":"b","n":1,"o":{"p":{"q":"r"}},"l":["x","y"]}\n{"text":"c","label":"d"}\n',
  '{"header":{"dataset":"SQuAD"}}\n{"context":"c","qas":[{"qid":"1","question":"q","answers":["a"]}]}\n',
);
const JSONS = texts(
  {
    data: [
      {
        paragraphs: [
          {
            context: "c",
            qas: [{ id: "1", question: "q", answers: [{ text: "a", answer_start: 1 }], is_impossible: false }],
          },
        ],
      },
    ],
  },
  [
    { text: "a", label: "b", answers: { text: ["x"], answer_start: [1] } },
    { text: "c", label: "d" },
  ],
);
const PARQUET = [["UNCOMPRESSED"], ["SNAPPY"]].map(([codec]) =>
  Buffer.from(
    parquetWriteBuffer({
      codec: codec as "SNAPPY",
      columnData: [
        { name: "text", data: ["one", "two", "three"], type: "STRING" },
        { name: "label", data: [1, 2, 3], type: "INT32" },
        { name: "score", data: [0.5, 3.8, 1], type: "DOUBLE" },
      ],
    }),
  ),
);

/** One JSON object a line, changed as a value. */
const lineReader: Reader = {
  name: "jsonLine",
  json: true,
  corpus: () =>
    texts(
      { text: "a", label: "b", o: { p: { q: "r" } }, l: ["x"] },
      { context: "c", qas: [{ id: "1", question: "q", answers: ["a", { text: "b" }] }] },
    ),
  open: dataReader("", "jsonl", () => []).open,
};

const NAMED = ["sst2", "multirc", "squad", "wsc", "stsb", "mbpp", "record"] as const;
/** Rows of the named tasks, one of each in turn. */
const namedReader: Reader = {
  name: "namedTask",
  json: true,
  corpus: () =>
    texts(
      { sentence: "s", label: "1", task: 0 },
      { question: "q", answer: "a", paragraph: "p", label: "0", question_id: "3", task: 1 },
      { question: "q", context: "c", answers: { text: ["a"] }, task: 2 },
      {
        text: "Mark told Pete",
        span1_text: "Mark",
        span1_index: 0,
        span2_text: "Pete",
        span2_index: 2,
        label: "1",
        task: 3,
      },
      { sentence1: "a", sentence2: "b", label: 3.8, task: 4 },
      { text: "t", code: "x=1", test_list: ["assert x"], task: 5 },
      { query: "q", entities: ["e"], passage: "p\n@highlight\nx", answers: ["e"], task: 6 },
    ),
  open: (folder) => async (input) => {
    const which = Number(/"task":(\d)/.exec(input.toString("latin1"))?.[1] ?? 0);
    const line = `${input.toString("latin1").replace(/[\r\n]/g, " ")}\n`;
    writeFileSync(join(folder, "train.jsonl"), Buffer.from(line.repeat(3), "latin1"));
    writeFileSync(join(folder, "validation.jsonl"), Buffer.from(line, "latin1"));
    const { train } = await loadNamedTask({
      kind: "named",
      name: NAMED[which % NAMED.length]!,
      folder,
      targets: "digits",
      split: "given",
      official: input.length % 2 === 0,
      solution: "number",
      showTests: input.length % 3 === 0,
      runGeneratedCode: false,
      codeSamples: { count: 1, temperature: 1, topP: 1 },
      shots: undefined,
    });
    for (const { source, target } of train)
      holds(typeof source === "string" && typeof target === "string", "an example");
  },
};

const templateReader: Reader = {
  name: "template",
  weight: 6,
  corpus: () => texts("premise: {premise} hypothesis: {a{b}}", "{{x}} {label}", "{a} { b }"),
  open: () => {
    const row: Row = {
      fields: { premise: "p", "a{b}": "q", label: "l", a: "1", b: "2", __proto__: "no" },
      lists: {},
      line: 1,
    };
    return (input) => {
      holds(
        typeof compileTemplate(input.toString(), { name: "task.source", file: "x", columns: Object.keys(row.fields) })(
          row,
        ) === "string",
        "a text",
      );
    };
  },
};

/** Reads a document like a heatmap: no document is refused, and every text lies inside its row. */
const recordReader: Reader = {
  name: "heatmapRecord",
  weight: 6,
  corpus: () => [
    ...JSONL,
    ...CSV,
    ...TSVS,
    ...texts(
      '{"method":{"kind":"adept","initText":"x\\ny"},"task":{"source":"a {b} c","target":"{d}"}}',
      '{"text":"\\ud83d\\ude00 \\"x\\"","n":1.0,"o":{"p":true}}',
    ),
  ],
  open: () => (input) => {
    const text = input.toString();
    const line = text.split("\n")[0]!;
    for (const name of ["x.jsonl", "x.csv", "x.tsv", "x.txt", "x.adept.json"]) {
      const kind = documentKindOf(name);
      const form = kind === "tsv" ? TSV : csvForm(text);
      const head =
        kind === "csv" || kind === "tsv"
          ? { form, columns: columnNames(tableCells(line, form).map((cell) => cell.text)) }
          : undefined;
      const record = kind === "experiment" || kind === "csv" ? text : line;
      for (const { text: read, pieces } of rowTexts(
        { line: 0, lines: 1, text: record },
        { kind, head, reading: [{ literal: "t: " }, { fields: ["text"] }] },
      )) {
        for (const { from, to, at } of pieces)
          holds(
            from >= 0 &&
              to <= read.length &&
              (typeof at === "number" ? at + to - from : (at.at(-1) ?? 0)) <= record.length,
            "a piece outside of its record",
          );
      }
    }
  },
};

export const DATA_READERS: readonly Reader[] = [
  dataReader("csv", "csv", () => CSV, { weight: 4, make: makeTable }),
  dataReader("tsv", "tsv", () => TSVS, { weight: 3, make: makeTable }),
  dataReader("jsonl", "jsonl", () => JSONL, { weight: 3, make: makeLines }),
  lineReader,
  dataReader("json", "json", () => JSONS, { json: true, weight: 4, make: makeJson }),
  dataReader("gzip", "jsonl.gz", () => JSONL.map((each) => gzipSync(each)), { patience: 6000 }),
  dataReader("parquet", "parquet", () => PARQUET, { weight: 0.05, patience: 9000 }),
  namedReader,
  templateReader,
  recordReader,
];
