import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import type { TextDocument } from "vscode";
import { UserError } from "../../../src/base/errors.ts";
import { csvForm, TSV } from "../../../src/experiment/tableForm.ts";
import { guessColumnRoles, templatesOf } from "../../../src/task/rows/guessColumnRoles.ts";
import { looksHeaderless } from "../../../src/task/rows/looksHeaderless.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { readRows } from "../../../src/task/rows/readRows.ts";
import { tableRows } from "../../../src/task/rows/tableRows.ts";
import { columnsOf, compileTemplate } from "../../../src/task/template.ts";
import { DocumentRows } from "../../../src/ui/heatmap/documentRows.ts";
import { withoutOrigins } from "./withoutOrigins.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-tables-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const csv = (text: string): Record<string, string>[] =>
  tableRows(text, "d.csv", csvForm(text)).map(({ fields }) => ({ ...fields }));
const refused = (text: string, words: RegExp, action: RegExp): void => {
  assert.throws(
    () => csv(text),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, words);
      assert.match(error.action ?? "", action);
      return true;
    },
  );
};

test("headers may have spaces around names, semicolons, tabs, and empty columns and rows", () => {
  assert.deepEqual(csv("id, text , label\n0, the film, good\n"), [{ id: "0", text: " the film", label: " good" }]);
  assert.deepEqual(csv('id;text;label\n0;"a; b, c";1,5\n'), [{ id: "0", text: "a; b, c", label: "1,5" }]);
  assert.deepEqual(csv('id\ttext\n0\t"a\tb"\n'), [{ id: "0", text: "a\tb" }]);
  assert.deepEqual(csv('"a;b;c;d",e\n1,2\n'), [{ "a;b;c;d": "1", e: "2" }], "quoted delimiters part nothing");
  assert.deepEqual(csv(",text,label,,\r\n0,a,b,,\r\n\r\n,,,,\r\n1,c,d,,\r\n"), [
    { text: "a", label: "b" },
    { text: "c", label: "d" },
  ]);
  assert.deepEqual(csv("text\nno delimiter at all\n"), [{ text: "no delimiter at all" }]);
  assert.deepEqual(
    tableRows(' text\tlabel \na "b"\t1\n', "d.tsv", TSV).map(({ fields }) => ({ ...fields })),
    [{ text: 'a "b"', label: "1" }],
  );
});

test("a table that cannot be read is refused with the line and advice", () => {
  refused("text,text,label\na,b,c\n", /d\.csv:1: the header has the column "text" twice/, /a different name/);
  refused("text, text\na,b\n", /"text" twice/, /name/);
  refused(
    'text,label\n"x\ny",a\nhe said "hi" there,good\n',
    /d\.csv:4: a quote stands inside cell 1/,
    /each quote inside it twice/,
  );
  refused('text,label\n"he said "hi" there",good\n', /d\.csv:2: a quote stands inside cell 1/, /twice/);
  refused('text,label\na,b\n"never closed,good\nc,d\n', /d\.csv:3: .*is not closed/, /twice/);
  refused(
    "text,label\nwell, a film,good\n",
    /d\.csv:2: 3 columns, not the 2 of the header: text, label/,
    /a cell that contains a comma must be in quotes/,
  );
  refused("text;label\nwell; a film;good\n", /d\.csv:2: 3 columns/, /a semicolon must be in quotes/);
});

interface Table {
  delimiter: string;
  text: string;
  rows: string[][];
  lines: number[];
}
/** Tables of any texts, quoted where they must be and here and there where not. */
const tables: fc.Arbitrary<Table> = fc
  .tuple(fc.constantFrom(",", ";", "\t"), fc.integer({ min: 2, max: 4 }), fc.constantFrom("\n", "\r\n"))
  .chain(([delimiter, width, end]) => {
    const cell = fc.tuple(
      fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\t", "\n", "é", " ", "😀"), maxLength: 8 }),
      fc.boolean(),
    );
    return fc
      .array(
        fc
          .array(cell, { minLength: width, maxLength: width })
          .filter((cells) => cells.some(([text]) => text.trim() !== "")),
        { minLength: 1, maxLength: 6 },
      )
      .map((made) => {
        const rows = made.map((cells) => cells.map(([text]) => text));
        const names = rows[0]!.map((_, i) => `c${i}`);
        const lines: number[] = [];
        let text = names.join(delimiter);
        let line = 2;
        for (const cells of made) {
          const written = cells
            .map(([each, quotes]) => (quotes || /[",;\t\n]/.test(each) ? `"${each.replaceAll('"', '""')}"` : each))
            .join(delimiter);
          lines.push(line);
          line += written.split("\n").length;
          text += end + written;
        }
        return { delimiter, text, rows, lines };
      });
  });

test("any table has the cells that csv-parse reads, with the line of each row, and a heatmap has the same cells", () => {
  fc.assert(
    fc.property(tables, ({ delimiter, text, rows, lines }) => {
      const read = tableRows(text, "d.csv", csvForm(text));
      const names = rows[0]!.map((_, i) => `c${i}`);
      assert.deepEqual(
        read.map(({ fields }) => names.map((name) => fields[name])),
        parse(text, { delimiter, from: 2, record_delimiter: ["\n", "\r\n"] }),
      );
      assert.deepEqual(
        read.map(({ line }) => line),
        lines,
      );
      const own = text.split(/\r?\n/);
      const document = {
        fileName: "/d.csv",
        lineCount: own.length,
        lineAt: (line: number) => ({ text: own[line]! }),
      } as unknown as TextDocument;
      const records = new DocumentRows(document);
      const seen = records.rowsIn(0, own.length - 1);
      assert.deepEqual(
        seen.map(({ line }) => line + 1),
        lines,
      );
      for (const [index, record] of seen.entries())
        for (const [column, name] of names.entries())
          assert.equal(records.texts(record, { reading: [{ fields: [name] }] })[0]?.text, rows[index]![column]);
    }),
    { numRuns: 300 },
  );
});

test("the suggested templates of a table work with any names of columns", async () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "{", "}", " "), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 3, maxLength: 4 }), (names) => {
      const roles = names.map((each, i) => ({ name: each, role: i === 0 ? ("output" as const) : ("input" as const) }));
      const { source, target } = templatesOf(roles);
      const rows = [{ fields: Object.fromEntries(names.map((each, i) => [each, `v${i}`])), lists: {}, line: 1 }];
      const use = { name: "task.source", file: "d", columns: columnsOf(rows) };
      assert.equal(compileTemplate(target, use)(rows[0]!), "v0");
      assert.equal(
        compileTemplate(source, use)(rows[0]!),
        names
          .slice(1)
          .map((each, i) => `${each.replace(/[{}]/g, "")}: v${i + 1}`)
          .join(" "),
      );
    }),
  );
  const rows = await readRows(put("spaced.csv", "id, text {en}, label\n0, one, good\n1, two, bad\n"));
  const { source, target } = templatesOf(guessColumnRoles(rows));
  assert.deepEqual([source, target], ["{text {en}}", "{label}"]);
  const { train } = await withoutOrigins(
    loadTask({
      kind: "file",
      train: join(folder, "spaced.csv"),
      validation: undefined,
      test: undefined,
      source,
      target,
      split: { validation: 0, test: 0, seed: 1 },
      shots: undefined,
    }),
  );
  assert.deepEqual(train, [
    { source: " one", target: "good" },
    { source: " two", target: "bad" },
  ]);
});

test("a first line that looks like an example is reported as doubtful, one that names columns is not", () => {
  const doubted = (text: string): boolean => looksHeaderless(tableRows(text, "d.csv", csvForm(text)));
  assert.equal(
    doubted("the film 0 was fine,good\nthe film 1 was not,bad\nthe film 2 was,good\n"),
    true,
    "a label among its column's values",
  );
  assert.equal(doubted("the film 0,3.5\nthe film 1,2.5\n"), true, "a number");
  assert.equal(doubted(`${"a long text ".repeat(20)},x\nb,y\n`), true, "a long text");
  assert.equal(doubted("text,label\nthe film 1 was not,bad\nthe film 2 was,good\n"), false);
  assert.equal(doubted(",0,1\n0,the film,good\n1,another,bad\n"), false, "columns that were counted");
});
