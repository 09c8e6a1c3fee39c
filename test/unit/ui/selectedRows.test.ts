import assert from "node:assert/strict";
import { test } from "node:test";
import type { Selection, TextDocument } from "vscode";
import { DocumentRows } from "../../../src/ui/heatmap/documentRows.ts";
import { selectedRows } from "../../../src/ui/heatmap/selectedRows.ts";

/** The first lines of the rows that a selection means. */
function rows(
  fileName: string,
  lines: readonly string[],
  [line, from, last, to]: readonly [number, number, number, number],
): number[] | undefined {
  const document = {
    fileName,
    lineCount: lines.length,
    lineAt: (at: number) => ({ text: lines[at]! }),
  } as unknown as TextDocument;
  return selectedRows(new DocumentRows(document), {
    start: { line, character: from },
    end: { line: last, character: to },
  } as Selection)?.map((row) => row.line);
}
const json = ['{"text":"one","label":"a"}', '  {"text":"two","label":"b"}  ', "", '{"text":"three","label":"a"}'];
const csv = ["text,label", '"one, and', 'more",a', "two,b"];

test("a click in the margin, or a triple click, selects one row: a selection does not touch the line at whose start it ends", () => {
  assert.deepEqual(rows("/a.jsonl", json, [0, 0, 1, 0]), [0]);
  assert.deepEqual(rows("/a.jsonl", json, [0, 0, 1, 3]), [0, 1]);
  assert.deepEqual(rows("/a.csv", csv, [1, 0, 3, 0]), [1]);
  assert.deepEqual(rows("/a.jsonl", json, [1, 0, 3, 0]), [1], "blank lines are no rows");
});

test("a selection of a whole row is a row, and of a part of one a text", () => {
  assert.deepEqual(rows("/a.jsonl", json, [0, 0, 0, json[0]!.length]), [0]);
  assert.deepEqual(rows("/a.jsonl", json, [1, 2, 1, json[1]!.length - 2]), [1], "spaces about it are none of it");
  assert.equal(rows("/a.jsonl", json, [0, 9, 0, 12]), undefined);
  assert.equal(rows("/a.jsonl", json, [1, 3, 1, 29]), undefined);
  assert.deepEqual(rows("/a.csv", csv, [1, 0, 2, csv[2]!.length]), [1], "a row of two lines");
  assert.equal(rows("/a.csv", csv, [1, 1, 2, 4]), undefined, "a part of its cell");
  assert.deepEqual(rows("/a.csv", csv, [3, 0, 3, 5]), [3]);
});

test("a selection of several rows means all that it touches; a header and prose are no rows", () => {
  assert.deepEqual(rows("/a.jsonl", json, [0, 5, 3, 4]), [0, 1, 3]);
  assert.deepEqual(rows("/a.csv", csv, [0, 0, 3, 2]), [1, 3]);
  assert.equal(rows("/a.csv", csv, [0, 0, 0, 10]), undefined);
  assert.equal(rows("/a.txt", json, [0, 0, 3, 4]), undefined);
});
