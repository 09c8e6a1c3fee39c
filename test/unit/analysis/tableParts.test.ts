import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tableParts } from "../../../src/analysis/report/tableParts.ts";

const cells = (count: number, text: string): string[] => Array.from({ length: count }, (_, i) => `${text}${i}`);

test("a table that fits a page stays whole", () => {
  const table = {
    header: ["", "accuracy", "seeds"],
    rows: [
      ["ADePT", "47.0 %", "3"],
      ["PT", "48.0 %", "3"],
    ],
  };
  const [part, ...others] = tableParts(table);
  assert.equal(others.length, 0);
  assert.deepEqual({ header: part!.header, rows: part!.rows }, table);
});

test("parts of a wide table begin with the columns that tell its rows apart", () => {
  const header = ["Form", "Length", ...cells(14, "measured ms ")];
  const rows = ["adept", "pt"].flatMap((form) => ["32", "128"].map((length) => [form, length, ...cells(14, "123.45")]));
  const parts = tableParts({ header, rows });
  assert.ok(parts.length > 1);
  for (const part of parts) {
    assert.deepEqual(part.header.slice(0, 2), ["Form", "Length"]);
    assert.equal(new Set(part.rows.map((row) => row.slice(0, 2).join())).size, 4);
  }
  assert.deepEqual(
    parts.flatMap((part) => part.header.slice(2)),
    header.slice(2),
  );
  assert.deepEqual(parts.map((part) => part.rows[1]!.slice(2)).flat(), rows[1]!.slice(2));
});

test("every cell of any table is in its parts once, beside the first column, and parts fit the page", () => {
  const table = fc
    .record({ columns: fc.integer({ min: 1, max: 30 }), rows: fc.integer({ min: 0, max: 5 }), size: fc.nat(20) })
    .map(({ columns, rows, size }) => ({
      header: cells(columns, "name "),
      rows: Array.from({ length: rows }, (_, row) => cells(columns, `${row}`.padEnd(size, "x"))),
    }));
  fc.assert(
    fc.property(table, ({ header, rows }) => {
      const parts = tableParts({ header, rows });
      const seen = parts.flatMap((part) => part.header);
      assert.deepEqual([...new Set(seen)], header);
      for (const part of parts) {
        assert.equal(part.header[0], header[0]);
        assert.ok(part.widths.reduce((total, width) => total + width + 2, 0) <= 110 || part.header.length <= 2);
        for (const [i, name] of part.header.entries())
          assert.deepEqual(
            part.rows.map((row) => row[i]),
            rows.map((row) => row[header.indexOf(name)]),
          );
      }
    }),
  );
});

test("a long text breaks between words in the room that is left", () => {
  const text = "no prediction changed its verdict, and no difference of 2.5 points could have been found here";
  const [part] = tableParts({ header: ["altered", "in words"], rows: [["FFN off", text]] });
  assert.deepEqual(part!.widths, [7, text.length]);
  const [narrow] = tableParts({ header: ["a", "b", "c"], rows: [["1", text, text]] });
  assert.ok(narrow!.widths[1]! < text.length && narrow!.widths[1]! >= 34);
});
