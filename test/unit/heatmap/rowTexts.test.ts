import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { jsonFields } from "../../../src/heatmap/jsonFields.ts";
import { rangeInRow } from "../../../src/heatmap/placedText.ts";
import type { ReadingPart } from "../../../src/experiment/templateParts.ts";
import { csvForm, leavesQuoteOpen, TSV } from "../../../src/experiment/tableForm.ts";
import { documentKindOf, type DocumentKind } from "../../../src/heatmap/documentKind.ts";
import { rowTexts } from "../../../src/heatmap/rowTexts.ts";
import { tableCells } from "../../../src/heatmap/tableFields.ts";
import { parse } from "csv-parse/sync";

const read = (text: string, kind: DocumentKind, reading?: ReadingPart[], columns: string[] = []) =>
  rowTexts(
    { line: 0, lines: text.split("\n").length, text },
    { kind, reading, head: { form: csvForm(columns.join()), columns } },
  );

test("each character of a JSON string has the index at which the row spells it", () => {
  const record = '{"a": "x\\n\\u00e9\\"y", "o": {"in": "z"}, "n": 1.50, "b": true, "no": null, "l": [1]}';
  const fields = jsonFields(record)!;
  assert.deepEqual(
    [...fields].map(([name, { text }]) => [name, text]),
    [
      ["a", 'x\né"y'],
      ["o.in", "z"],
      ["n", "1.5"],
      ["b", "true"],
    ],
  );
  const [text] = read(record, "jsonl", [{ fields: ["a"] }]);
  for (const [unit, spelled] of [
    [0, "x"],
    [1, "\\n"],
    [2, "\\u00e9"],
    [3, '\\"'],
    [4, "y"],
  ] as const) {
    const [from, to] = rangeInRow(text!, unit, unit + 1)!;
    assert.equal(record.slice(from, to), spelled);
  }
  assert.equal(jsonFields('{"a": '), undefined);
  assert.equal(jsonFields("[1]"), undefined);
});

test("any object of strings is read as JSON.parse reads it, character by character", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ unit: "binary" }).filter((name) => !name.includes(".") && name !== "__proto__"),
        fc.string({ unit: "binary" }),
      ),
      fc.boolean(),
      (object, escaped) => {
        const plain = JSON.stringify(object);
        const record = escaped
          ? plain.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
          : plain;
        const fields = jsonFields(record)!;
        for (const [name, value] of Object.entries(object)) {
          const { text, at } = fields.get(name)!;
          assert.equal(text, value);
          for (let i = 0; i < text.length; i++) {
            const from = typeof at === "number" ? at + i : at[i]!;
            const to = typeof at === "number" ? at + i + 1 : at[i + 1]!;
            assert.equal(JSON.parse(`"${record.slice(from, to)}"`), text[i]);
          }
        }
      },
    ),
  );
});

test("any table is split into the cells that csv-parse finds", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "é", " ", "😀") });
  fc.assert(
    fc.property(fc.array(cell, { minLength: 2, maxLength: 5 }), (cells) => {
      const record = cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(",");
      const [wanted] = parse(record);
      const own = tableCells(record, csvForm(""));
      assert.deepEqual(
        own.map(({ text }) => text),
        wanted,
      );
      for (const { text, at } of own)
        for (let i = 0; i < text.length; i++) assert.equal(record[typeof at === "number" ? at + i : at[i]!], text[i]);
      let open = false;
      for (const line of record.split("\n").slice(0, -1)) {
        open = leavesQuoteOpen(line, open);
      }
      assert.equal(record.split("\n").length > 1 ? open : false, record.includes("\n"));
    }),
  );
  assert.deepEqual(
    tableCells('a "b"\tc', TSV).map(({ text }) => text),
    ['a "b"', "c"],
  );
});

test("a row is read as the task's input, or text by text if it lacks a field", () => {
  const row = '{"premise": "one", "hypothesis": "two", "label": "3"}';
  const reading = [
    { literal: "premise: " },
    { fields: ["sentence1", "premise"] },
    { literal: " hypothesis: " },
    { fields: ["hypothesis"] },
  ];
  const [input, ...more] = read(row, "jsonl", reading);
  assert.equal(more.length, 0);
  assert.equal(input!.text, "premise: one hypothesis: two");
  assert.equal(rangeInRow(input!, 0, 9), undefined, "the row does not spell the template's words");
  assert.equal(row.slice(...rangeInRow(input!, 9, 12)!), "one");
  assert.equal(row.slice(...rangeInRow(input!, 13, 28)!), "two", "a range over both is cut to the field");
  assert.deepEqual(
    read(row, "jsonl", [{ fields: ["other"] }]).map(({ text }) => text),
    ["one", "two"],
    "numbers are not texts",
  );
  assert.equal(input!.asTask, true);
  assert.deepEqual(
    read('{"premise": "one"}', "jsonl", reading).map(({ text, asTask }) => [text, asTask]),
    [["one", false]],
  );
  assert.deepEqual(
    read("hello, yes", "csv", undefined, ["text", "label"]).map(({ text }) => text),
    ["hello", " yes"],
  );
});

test("the texts of an experiment file are the prompt's initial text and the templates' words", () => {
  const text =
    '{ // note\n  "method": { "kind": "adept", "initText": "Say \\"it\\":" },\n  "task": { "kind": "file", "source": "{{a}} premise: {p} and {h {en}} or", "target": "{l}" }\n}';
  assert.deepEqual(
    read(text, "experiment").map((each) => each.text),
    ['Say "it":', "{{a}} premise: ", " and ", " or"],
  );
  assert.deepEqual(read("{", "experiment"), []);
  assert.deepEqual(["a.adept.json", "b.JSONL", "c.csv", "d.tsv", "e.txt", "f.json"].map(documentKindOf), [
    "experiment",
    "jsonl",
    "csv",
    "tsv",
    "prose",
    "prose",
  ]);
});
