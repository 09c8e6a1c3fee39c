import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UserError } from "../../../src/base/errors.ts";
import { jsonFields } from "../../../src/heatmap/jsonFields.ts";
import { guessColumnRoles } from "../../../src/task/rows/guessColumnRoles.ts";
import { looksHeaderless } from "../../../src/task/rows/looksHeaderless.ts";
import { wholeElements } from "../../../src/task/rows/jsonHead.ts";
import { checkParquet } from "../../../src/task/rows/parquetBounds.ts";
import { readRows } from "../../../src/task/rows/readRows.ts";
import { timedMatch } from "../../../src/task/timedMatch.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-hostile-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const refuses = (work: Promise<unknown>, words: RegExp): Promise<void> =>
  assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, words);
    return true;
  });
const soon = <T>(work: () => T): T => {
  const started = Date.now();
  const result = work();
  assert.ok(Date.now() - started < 20_000, `${Date.now() - started} ms`);
  return result;
};

test("a header with too many columns is refused, and the message does not list all names", async () => {
  const names = (n: number): string => Array.from({ length: n }, (_, i) => `column${i}`).join(",");
  await refuses(readRows(file("wide.csv", `${names(200_000)}\n1\n`)), /200000 columns/);
  await assert.rejects(
    readRows(file("odd.csv", `${names(9000)}\n1\n`)),
    (error) => error instanceof UserError && error.message.length < 2000,
  );
});

test("nested objects are fields down to a depth, in rows and in heatmaps; deeper nesting crashes nothing", async () => {
  const nest = (depth: number): string => `${'{"a":'.repeat(depth)}"x"${"}".repeat(depth)}`;
  const [row] = await readRows(file("deep.jsonl", `${nest(30)}\n`));
  assert.deepEqual(row?.fields, {});
  assert.deepEqual([...(jsonFields(nest(30)) ?? [])], []);
  const path = Array.from({ length: 17 }, () => "a").join(".");
  assert.deepEqual(
    [(await readRows(file("deep.jsonl", `${nest(17)}\n`)))[0]?.fields[path], jsonFields(nest(17))?.get(path)?.text],
    ["x", "x"],
  );
  assert.deepEqual((await readRows(file("deep.jsonl", `${nest(50_000)}\n`)))[0]?.fields, {});
  assert.equal(jsonFields(nest(50_000)), undefined);
  assert.equal(
    soon(() => wholeElements(`${'{"a":'.repeat(200_000)}[${"{},".repeat(200_000)}`)),
    undefined,
  );
});

test("columns may be named like properties of every object", async () => {
  const rows = await readRows(
    file("names.json", JSON.stringify([{ text: "a", toString: "x", constructor: "y" }, { text: "b" }])),
  );
  assert.deepEqual(Object.entries(rows[0]!.fields), [
    ["text", "a"],
    ["toString", "x"],
    ["constructor", "y"],
  ]);
  assert.equal(looksHeaderless(rows), false);
});

test("rows whose columns all differ are inspected quickly", () => {
  const rows = Array.from({ length: 2000 }, (_, i) => ({
    fields: Object.fromEntries(Array.from({ length: 50 }, (__, j) => [`c${i}-${j}`, "some text"])),
    lists: {},
    line: i + 1,
  }));
  assert.equal(soon(() => guessColumnRoles(rows)).length, 300);
});

test("a regular expression that backtracks for ever on a file name is stopped and named", () => {
  assert.equal(timedMatch("^(\\w+)-", "ham-1.txt"), "ham");
  assert.equal(timedMatch("x(y)?", "x"), undefined);
  assert.throws(
    () => soon(() => timedMatch("^(a+)+$", `${"a".repeat(60)}!`)),
    (error) => error instanceof UserError && /takes too long/.test(error.message),
  );
});

const PARQUET = (): Buffer =>
  Buffer.from(
    parquetWriteBuffer({
      codec: "UNCOMPRESSED",
      columnData: [
        { name: "text", data: ["one", "two"], type: "STRING" },
        { name: "label", data: ["a", "b"], type: "STRING" },
      ],
    }),
  );
/** A page's header in Thrift's compact form: so many bytes unpacked, so many packed, so many values. */
function pageHead(unpacked: number, packed: number, values: number): Buffer {
  const whole = (value: number): number[] => {
    const bytes: number[] = [];
    let rest = 2 * value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    return [...bytes, rest];
  };
  return Buffer.from([0x15, 0, 0x15, ...whole(unpacked), 0x15, ...whole(packed), 0x2c, 0x15, ...whole(values), 0, 0]);
}

test("Parquet pages that are plausible one by one, but together exceed what their file can hold, are refused", () => {
  const check = (pages: readonly Buffer[]): void => {
    const bytes = Buffer.concat([Buffer.from("PAR1"), ...pages, Buffer.alloc(1)]);
    const path = file("pages.parquet", bytes);
    checkParquet(path, {
      schema: [
        { name: "root", num_children: 1 },
        { name: "text", type: "BYTE_ARRAY" },
      ],
      row_groups: [
        {
          num_rows: 1n,
          columns: [
            {
              meta_data: {
                path_in_schema: ["text"],
                data_page_offset: 4n,
                total_compressed_size: BigInt(bytes.length - 4),
              },
            },
          ],
        },
      ],
    } as never);
  };
  const page = (unpacked: number, values: number): Buffer =>
    Buffer.concat([pageHead(unpacked, 2, values), Buffer.from("xx")]);
  check([page(2 ** 25, 10), page(2 ** 25, 10)]);
  assert.throws(() => {
    check([page(2 ** 25, 10), page(2 ** 25, 10), page(1, 10)]);
  }, /hold more than is plausible/);
  check([page(10, 2 ** 19), page(10, 2 ** 19)]);
  assert.throws(() => {
    check([page(10, 2 ** 19), page(10, 2 ** 19), page(10, 1)]);
  }, /lies about its size/);
});

test("a Parquet page that says it holds billions of values, or is longer than its column, is refused before it is read", async () => {
  assert.equal((await readRows(file("x.parquet", PARQUET()))).length, 2);
  // Thrift's compact form: field 1 of the data page's header, the whole number 2 as zigzag 4, then the same for its
  // rows.
  const whole = PARQUET();
  const at = whole.indexOf(Buffer.from([0x15, 0x04, 0x15]), 4);
  assert.ok(at > 0 && at < 60);
  await refuses(
    readRows(
      file("x.parquet", Buffer.concat([whole.subarray(0, at), Buffer.from([0x15, 0x7e]), whole.subarray(at + 2)])),
    ),
    /no Parquet that can be read/,
  );
  const huge = Buffer.from(whole);
  for (const i of [5, 7, 9, 13])
    for (const value of [0x7f, 0xff]) {
      const bad = Buffer.from(huge);
      bad[i] = value;
      try {
        await readRows(file("y.parquet", bad));
      } catch (error) {
        assert.ok(error instanceof UserError, String((error as Error).stack));
      }
    }
});

test("two columns of the same name, for one of which the library would wait for ever, are refused", async () => {
  const bytes = PARQUET();
  const text = bytes.toString("latin1");
  const at = text.lastIndexOf("label");
  const bad = Buffer.from(bytes);
  bad.write("textt", at, "latin1");
  await refuses(readRows(file("z.parquet", bad)), /no Parquet that can be read/);
});
