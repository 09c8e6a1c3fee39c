import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { NoText, Row } from "../../src/task/rows/row.ts";
import { readRows } from "../../src/task/rows/readRows.ts";
import { pythonAnswers } from "./pythonAnswers.ts";

// Files of every type that Arrow stores in Parquet, written and read by pyarrow. Run by `npm run test:peft`.
const folder = mkdtempSync(join(tmpdir(), "adept-parquet-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A value as pyarrow reads it. `number`: the shortest digits of a float; `missing`: a key that a map does not have. */
type Said =
  | { text: string }
  | { number: string }
  | { list: string[] }
  | { turns: Record<string, Said>[] }
  | { none: NoText | "missing" };
const written = pythonAnswers<Record<string, Said[]>>("parquet_types.py") as unknown as (
  path: string,
  seed: number,
  writer: object,
) => Promise<Record<string, Said[]>>;

/** Options of pyarrow's writer; each makes files of another form. */
const WRITERS: readonly (readonly [string, object])[] = [
  ["as pyarrow writes by default", {}],
  [
    "of the first version, plain and without Arrow's schema",
    { version: "1.0", compression: "none", use_dictionary: false, store_schema: false },
  ],
  ["with pages of version 2, gzip", { data_page_version: "2.0", compression: "gzip" }],
  ["with delta encodings, zstd", { use_dictionary: false, compression: "zstd", column_encoding: {} }],
  [
    "of small groups and pages, brotli",
    { row_group_size: 7, data_page_size: 64, compression: "brotli", write_page_index: true },
  ],
  [
    "with decimals as integers and old names of lists, lz4",
    { store_decimal_as_integer: true, use_compliant_nested_type: false, compression: "lz4" },
  ],
  ["with times of 96 bits", { use_deprecated_int96_timestamps: true, store_schema: false }],
];
const SEEDS = [1, 2, 3];

/** The digits of a number and the power of ten behind them: 1e+05 is 100000. */
function digitsOf(text: string): string {
  const [, sign, whole, part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text)!;
  const digits = `${whole!}${part}`.replace(/^0+/, "");
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "0" : `${sign!}${kept}e${Number(power) - part.length + digits.length - kept.length}`;
}

/** A value inside a list of structures has no text of its own in a row: numbers, texts, bytes. */
function checkInner(found: unknown, said: Said, place: string): void {
  if ("text" in said) assert.equal(String(found), said.text, place);
  else if ("number" in said) assert.equal(digitsOf(String(found)), digitsOf(said.number), place);
  else if ("none" in said)
    assert.ok(
      found === null || found === undefined || ArrayBuffer.isView(found) || !Number.isFinite(found),
      `${place}: ${String(found)}`,
    );
}

function checkValue({ fields, lists, objects, noText }: Row, name: string, said: Said, place: string): void {
  if ("text" in said) assert.equal(fields[name], said.text, place);
  else if ("number" in said) assert.equal(digitsOf(fields[name]!), digitsOf(said.number), place);
  else if ("list" in said) assert.deepEqual(lists[name], said.list, place);
  else if ("turns" in said) {
    const found = objects?.[name];
    assert.equal(found?.length, said.turns.length, place);
    said.turns.forEach((turn, i) => {
      for (const [key, value] of Object.entries(turn)) checkInner(found[i]![key], value, `${place}, ${key} of ${i}`);
    });
  } else {
    assert.equal(fields[name], undefined, place);
    if (said.none !== "missing") assert.equal(noText?.[name], said.none, place);
  }
}

for (const [name, writer] of WRITERS)
  test(`Parquet ${name}: every value is pyarrow's`, async () => {
    for (const seed of SEEDS) {
      const path = join(folder, `${seed}.parquet`);
      const columns = await written(path, seed, writer);
      const rows = await readRows(path);
      for (const [column, values] of Object.entries(columns)) {
        assert.equal(rows.length, values.length);
        values.forEach((value, i) => {
          checkValue(rows[i]!, column, value, `seed ${seed}, column ${column}, row ${i + 1}`);
        });
      }
    }
  });
