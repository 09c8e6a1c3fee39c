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

test("a click beside the text, or three on it, means one row: a selection has nothing of the line at whose beginning it ends", () => {
  assert.deepEqual(rows("/a.jsonl", json, [0, 0, 1, 0]), [0]);
  assert.deepEqual(rows("/a.jsonl", json, [0, 0, 1, 3]), [0, 1]);
  assert.deepEqual(rows("/a.csv", csv, [1, 0, 3, 0]), [1]);
  assert.deepEqual(rows("/a.jsonl", json, [1, 0, 3, 0]), [1], "blank lines are no rows");
});

test("one row that is selected whole inside its lines is a row, a part of one is a text", () => {
  assert.deepEqual(rows("/a.jsonl", json, [0, 0, 0, json[0]!.length]), [0]);
  assert.deepEqual(rows("/a.jsonl", json, [1, 2, 1, json[1]!.length - 2]), [1], "spaces about it are none of it");
  assert.equal(rows("/a.jsonl", json, [0, 9, 0, 12]), undefined);
  assert.equal(rows("/a.jsonl", json, [1, 3, 1, 29]), undefined);
  assert.deepEqual(rows("/a.csv", csv, [1, 0, 2, csv[2]!.length]), [1], "a row of two lines");
  assert.equal(rows("/a.csv", csv, [1, 1, 2, 4]), undefined, "a part of its cell");
  assert.deepEqual(rows("/a.csv", csv, [3, 0, 3, 5]), [3]);
});

test("several rows are all that are touched; a header and prose are none", () => {
  assert.deepEqual(rows("/a.jsonl", json, [0, 5, 3, 4]), [0, 1, 3]);
  assert.deepEqual(rows("/a.csv", csv, [0, 0, 3, 2]), [1, 3]);
  assert.equal(rows("/a.csv", csv, [0, 0, 0, 10]), undefined);
  assert.equal(rows("/a.txt", json, [0, 0, 3, 4]), undefined);
});
