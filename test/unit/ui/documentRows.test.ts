import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { TextDocument, TextDocumentContentChangeEvent } from "vscode";
import { DocumentRows } from "../../../src/ui/heatmap/documentRows.ts";
import { Yielder } from "../../../src/ui/window/yielder.ts";

/** A document that counts how often a line of it is looked at. */
class Counted {
  looks = 0;
  constructor(
    readonly lines: string[],
    readonly fileName = "/d/a.csv",
  ) {}
  get lineCount(): number {
    return this.lines.length;
  }
  lineAt(line: number): { text: string } {
    this.looks++;
    return { text: this.lines[line]! };
  }
  records(headerless?: readonly string[]): DocumentRows {
    return new DocumentRows(this as unknown as TextDocument, headerless);
  }
}
const changed = (line: number): TextDocumentContentChangeEvent[] => [
  { range: { start: { line } } } as TextDocumentContentChangeEvent,
];
const rows = (count: number): string[] => [
  "id,text,label",
  ...Array.from({ length: count }, (_, i) => `${i},the meeting about paper and stone,yes`),
];

test("an unclosed quote is an ordinary character: the rows after it are rows, and the search for its end is limited", () => {
  const lines = rows(50_000);
  lines[1000] = '999,"the meeting about paper and stone,yes';
  const document = new Counted(lines);
  const records = document.records();
  const stray = records.rowsIn(1000, 1000)[0]!;
  assert.deepEqual([stray.lines, stray.unclosedQuote], [1, true]);
  assert.deepEqual(
    records.texts(stray, {}).map(({ text }) => text),
    ['"the meeting about paper and stone', "yes"],
    "its quote ends no cell",
  );
  assert.deepEqual(
    records.rowsIn(40_000, 40_060).map(({ line, lines: count }) => [line, count]),
    Array.from({ length: 61 }, (_, i) => [40_000 + i, 1]),
  );
  assert.ok(document.looks < 45_000, `each line once: ${document.looks}`);
  document.looks = 0;
  records.rowsIn(40_001, 40_061);
  for (const record of records.rowsIn(40_000, 40_060)) records.texts(record, {});
  assert.ok(document.looks < 300, `what is known is not looked at again: ${document.looks}`);
});

test("a quoted cell may span lines, up to a limit", () => {
  const cell = (count: number): string[] => [
    `7,"stone`,
    ...Array.from({ length: count - 2 }, () => "and paper"),
    `end",yes`,
  ];
  const document = new Counted(["id,text,label", ...cell(150), "8,river,no", ...cell(250), "9,river,no"]);
  const found = document.records().rowsIn(0, 1000);
  assert.deepEqual(
    found.slice(0, 2).map(({ line, lines }) => [line, lines]),
    [
      [1, 150],
      [151, 1],
    ],
  );
  assert.ok(found.slice(2).every(({ lines }) => lines === 1));
  assert.equal(found.at(-1)!.text, "9,river,no");
});

test("rows below an edit near the end are found at once, far below an edit in parts", async () => {
  const document = new Counted(rows(80_000));
  const records = document.records();
  await records.findUpTo(70_000, new Yielder());
  document.looks = 0;
  records.edited(changed(69_990));
  assert.ok(records.isNear(70_000));
  records.rowsIn(69_960, 70_060);
  assert.ok(document.looks < 1000, String(document.looks));
  records.edited(changed(1));
  assert.equal(records.isNear(70_000), false);
  let parts = 0;
  await records.findUpTo(70_000, {
    yieldIfDue: () => {
      parts++;
      return Promise.resolve();
    },
  } as Yielder);
  assert.ok(parts > 100, "others have their turn in between");
  assert.ok(records.isNear(70_000));
  assert.equal(records.rowsIn(70_000, 70_000)[0]?.line, 70_000);
});

test("after any edit, the rows are those of a document that is read for the first time", () => {
  const line = fc.constantFrom("a,b", 'a,"b', 'c",d', '"', '""', 'x,"y",z', "");
  const part = fc.array(line, { minLength: 1, maxLength: 12 });
  const plain = rows(250);
  // Quotes that stand near and far: some are looked for over the plain rows, some not as far.
  fc.assert(
    fc.property(
      part,
      part,
      fc.array(
        fc.tuple(fc.oneof(fc.nat(11), fc.integer({ min: 255, max: 540 })), fc.nat(3), fc.array(line, { maxLength: 3 })),
        { maxLength: 4 },
      ),
      (first, second, edits) => {
        const lines = [...first, ...plain, ...second, ...plain];
        const document = new Counted(lines);
        const records = document.records();
        records.rowsIn(0, lines.length - 1);
        for (const [at, count, added] of edits) {
          const from = Math.min(at, document.lines.length - 1);
          document.lines.splice(from, count, ...added);
          if (document.lines.length === 0) document.lines.push("");
          records.edited(changed(from));
          assert.deepEqual(
            records.rowsIn(0, document.lines.length - 1),
            new Counted([...document.lines]).records().rowsIn(0, document.lines.length - 1),
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("the first line that is not blank is a table's header, unless the task's tables have none", () => {
  const texts = (document: Counted, headerless?: string[]): string[][] => {
    const records = document.records(headerless);
    return records
      .rowsIn(0, 10)
      .filter(({ text }) => text !== "")
      .map((record) => records.texts(record, { reading: [{ fields: ["sentence"] }] }).map(({ text }) => text));
  };
  assert.deepEqual(texts(new Counted(["", "id,sentence", "1,stone"])), [["stone"]]);
  const COLA = ["source", "label", "star", "sentence"];
  const bare = ["gj04\t1\t\tOur friends won't buy this.", "gj04\t0\t*\tThe more pseudos."];
  assert.deepEqual(texts(new Counted(bare, "/d/in_domain_train.tsv"), COLA), [
    ["Our friends won't buy this."],
    ["The more pseudos."],
  ]);
  assert.deepEqual(
    texts(new Counted(["sentence\tlabel", "stone\t1"], "/d/train.tsv"), COLA),
    [["stone"]],
    "a line that names one of the columns is a header all the same",
  );
  assert.equal(
    new Counted(["", "id,sentence", "1,stone"]).records().headLines,
    2,
    "an edit there changes how all others are read",
  );
});

test("a conversation is read turn by turn, as the run's task says", () => {
  const line = JSON.stringify({ messages: [{ role: "user", content: "Is it red?" }] });
  const records = new Counted([line], "/d/chat.jsonl").records();
  const [row] = records.rowsIn(0, 0);
  const around = { before: "<user>", after: "</user>" };
  const turns = { roles: { user: around }, lists: ["messages"], columns: {}, trims: false };
  assert.deepEqual(
    records.texts(row!, { turns }).map(({ text }) => text),
    ["<user>Is it red?</user>"],
  );
});

test("Excel's line sep= is no header, and a .tsv whose rows quote cells has their texts", () => {
  const texts = (name: string, text: string): string[][] => {
    const lines = text.split("\n");
    const rows = new DocumentRows({
      fileName: name,
      lineCount: lines.length,
      lineAt: (line: number) => ({ text: lines[line]! }),
    } as unknown as TextDocument);
    return rows
      .rowsIn(0, lines.length - 1)
      .filter((row) => row.text !== "")
      .map((row) => rows.texts(row, { reading: [{ fields: ["text"] }] }).map((each) => each.text));
  };
  assert.deepEqual(texts("a.csv", "sep=;\ntext;label\na, b;pos\n"), [["a, b"]]);
  assert.deepEqual(texts("a.tsv", 'text\tlabel\n"two\nlines"\tpos\n"a\tb"\tneg\n'), [["two\nlines"], ["a\tb"]]);
  assert.deepEqual(texts("a.tsv", 'text\tlabel\n"Good," he said.\tpos\n'), [['"Good," he said.']]);
});
