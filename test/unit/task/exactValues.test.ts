import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { ExactNumber, parseExactly, asPlainJson } from "../../../src/task/rows/exactJson.ts";
import { readRows } from "../../../src/task/rows/readRows.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-exact-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const fieldsOf = async (path: string): Promise<Record<string, string>[]> =>
  (await readRows(path)).map(({ fields }) => ({ ...fields }));
type Written = Parameters<typeof parquetWriteBuffer>[0];

test("a number of JSON is the text that was written, alone, in a list file, and inside an object", async () => {
  const numbers = ["9007199254740993", "12345678901234567890", "1.50", "-0.0", "0.1", "1e5", "7", "1E-7", "3.0"];
  const row = (number: string): string => `{"t":"a \\"1.50\\\\","n":${number},"in":{"n": ${number} }}`;
  const expected = numbers.map((number) => ({ t: 'a "1.50\\', n: number, "in.n": number }));
  assert.deepEqual(await fieldsOf(put("n.jsonl", numbers.map(row).join("\n"))), expected);
  assert.deepEqual(await fieldsOf(put("n.json", `[${numbers.map(row).join(",\n")}]`)), expected);
  assert.deepEqual(
    await fieldsOf(put("q.jsonl", '{"context":"c","qas":[{"id":9007199254740993,"question":"q","answers":["a"]}]}\n')),
    [{ context: "c", question: "q", id: "9007199254740993" }],
  );
});

test("the same values as JSON.parse has for every JSON, and its errors for what is none", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      assert.deepEqual(asPlainJson(parseExactly(text)), JSON.parse(text));
    }),
  );
  assert.deepEqual(asPlainJson([2n ** 60n, 7n, NaN, new Date(0), new Date(NaN), Buffer.from("a"), { a: -Infinity }]), [
    "1152921504606846976",
    7,
    null,
    "1970-01-01T00:00:00.000Z",
    null,
    null,
    { a: null },
  ]);
  assert.deepEqual(parseExactly("[1.50, 2]"), [new ExactNumber("1.50"), 2]);
  for (const text of ["01", "[01.50]", "{1.50:1}", "1.", "-NaN", "[1.50,", '{"a":1.50 "b":2}', "nan", "+1", "1.5.0"]) {
    assert.throws(() => parseExactly(text), SyntaxError, text);
    try {
      JSON.parse(text);
    } catch (plain) {
      try {
        parseExactly(text);
      } catch (own) {
        assert.ok(!(own as Error).message.includes("\uFDD0"), "a message shows the text as it is");
        if (!text.includes("NaN"))
          assert.equal((own as Error).message.split(" at ")[1], (plain as Error).message.split(" at ")[1]);
      }
    }
  }
});

const fileTask = (train: string): Promise<unknown> =>
  loadTask(ExperimentFile.shape.task.parse({ kind: "file", train, source: "{text}", target: "{label}" }));

test("NaN, an infinity and a number beyond a double are missing values, and the message has the line", async () => {
  for (const [number, words] of [
    ["NaN", /nan\.jsonl:2: the field "label", which task\.target uses, is not a number \(NaN\)/],
    ["Infinity", /nan\.jsonl:2: .* is infinite/],
    ["-Infinity", /nan\.jsonl:2: .* is infinite/],
    ["1e400", /nan\.jsonl:2: .* is infinite, or too large/],
    ["null", /nan\.jsonl:2: .* is null/],
    ["[1]", /nan\.jsonl:2: .* is a list/],
    ['["a"]', /nan\.jsonl:2: .* is a list/],
    ['{"x":"1"}', /nan\.jsonl:2: .* is an object/],
  ] as const) {
    const path = put("nan.jsonl", `{"text":"a","label":1}\n{"text":"b","label":${number}}\n`);
    await assert.rejects(fileTask(path), words, number);
    assert.equal((await readRows(path)).length, 2, "a row whose template does not name the field is whole");
  }
  const doubles = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "text", data: ["a", "b", "c"], type: "STRING" },
        { name: "label", data: [1.5, NaN, -Infinity], type: "DOUBLE" },
      ],
    }),
  );
  await assert.rejects(fileTask(put("nan.parquet", doubles)), /nan\.parquet, row 2: .*"label".* \(NaN\)/);
});

/** A column without nulls, of values as they are stored. */
function stored(element: object, data: readonly unknown[]): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "v", data } as unknown as Written["columnData"][number]],
      schema: [
        { name: "root", num_children: 1 },
        { name: "v", repetition_type: "REQUIRED", ...element },
      ] as unknown as NonNullable<Written["schema"]>,
    }),
  );
}
const timestamp = (unit: string, isAdjustedToUTC: boolean): object => ({
  type: "INT64",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC, unit },
});
const time = (type: string, unit: string): object => ({
  type,
  logical_type: { type: "TIME", isAdjustedToUTC: false, unit },
});
const integer = (type: string, bitWidth: number, isSigned: boolean): object => ({
  type,
  logical_type: { type: "INTEGER", bitWidth, isSigned },
});
const decimal = (element: object, precision: number, scale: number): object => ({
  ...element,
  precision,
  scale,
  logical_type: { type: "DECIMAL", precision, scale },
});
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Stored values of each logical type, and their text as Arrow has it (dates and times in ISO 8601). */
const TYPES: readonly (readonly [string, object, readonly unknown[], readonly (string | undefined)[]])[] = [
  ["64 bits", { type: "INT64" }, [2n ** 63n - 1n, -(2n ** 53n) - 1n], ["9223372036854775807", "-9007199254740993"]],
  ["unsigned 64", integer("INT64", 64, false), [2n ** 64n - 1n, 5n], ["18446744073709551615", "5"]],
  ["unsigned 32", integer("INT32", 32, false), [2 ** 32 - 1, 5], ["4294967295", "5"]],
  ["unsigned 8", integer("INT32", 8, false), [-1, 200], ["255", "200"]],
  [
    "timestamp ms",
    timestamp("MILLIS", true),
    [1704164645123n, -1n],
    ["2024-01-02T03:04:05.123Z", "1969-12-31T23:59:59.999Z"],
  ],
  ["timestamp us", timestamp("MICROS", true), [1704164645123456n], ["2024-01-02T03:04:05.123456Z"]],
  [
    "timestamp ns",
    timestamp("NANOS", false),
    [1704164645123456789n, -1n],
    ["2024-01-02T03:04:05.123456789", "1969-12-31T23:59:59.999999999"],
  ],
  ["timestamp out of range", timestamp("MILLIS", true), [2n ** 62n], [undefined]],
  ["date", { type: "INT32", logical_type: { type: "DATE" } }, [19724, -1], ["2024-01-02", "1969-12-31"]],
  ["time ms", time("INT32", "MILLIS"), [11045123], ["03:04:05.123"]],
  ["time us", time("INT64", "MICROS"), [11045123456n], ["03:04:05.123456"]],
  ["time ns", time("INT64", "NANOS"), [11045123456789n], ["03:04:05.123456789"]],
  [
    "decimal of 64 bits",
    decimal({ type: "INT64" }, 18, 4),
    [123456789012345678n, -5n, 0n],
    ["12345678901234.5678", "-0.0005", "0.0000"],
  ],
  ["decimal of 32 bits", decimal({ type: "INT32" }, 9, 0), [-7], ["-7"]],
  [
    "decimal of bytes",
    decimal({ type: "BYTE_ARRAY" }, 38, 2),
    [bytes(0xff), bytes(1, 0, 0, 0, 0, 0, 0, 0, 1)],
    ["-0.01", "184467440737095516.17"],
  ],
  [
    "decimal of 128 bits",
    decimal({ type: "FIXED_LEN_BYTE_ARRAY", type_length: 16 }, 38, 10),
    [bytes(0x4b, 0x3b, 0x4c, 0xa8, 0x5a, 0x86, 0xc4, 0x7a, 0x09, 0x8a, 0x22, 0x3f, 0xff, 0xff, 0xff, 0xff)],
    ["9999999999999999999999999999.9999999999"],
  ],
  ["truth", { type: "BOOLEAN" }, [true, false], ["true", "false"]],
  ["double", { type: "DOUBLE" }, [0.1, 1e300], ["0.1", "1e+300"]],
  [
    "float",
    { type: "FLOAT" },
    [3.8, 16777216, 0.001, 1.17549435e-38, -0.1, 1.00000012],
    ["3.8", "16777216", "0.001", "1.1754944e-38", "-0.1", "1.0000001"],
  ],
  [
    "float of nine digits",
    { type: "FLOAT" },
    [-103.21731567382812, 1.0058406587929723e18, 1.0308705386714856e-13],
    ["-103.217316", "1005840660000000000", "1.03087054e-13"],
  ],
  [
    "half",
    { type: "FIXED_LEN_BYTE_ARRAY", type_length: 2, logical_type: { type: "FLOAT16" } },
    [0.1, 3.8, 65504, 1.5, -0.0999755859375, 5.960464477539063e-8, 1023.5, 2048, 0],
    ["0.1", "3.8", "65500", "1.5", "-0.1", "6e-8", "1023.5", "2048", "0"],
  ],
  ["enum", { type: "BYTE_ARRAY", logical_type: { type: "ENUM" } }, [Buffer.from("red")], ["red"]],
  ["text that is not said to be", { type: "BYTE_ARRAY" }, [Buffer.from("é"), bytes(0xff, 0xd8)], ["é", undefined]],
  [
    "uuid",
    { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, logical_type: { type: "UUID" } },
    ["00112233-4455-6677-8899-aabbccddeeff"],
    ["00112233-4455-6677-8899-aabbccddeeff"],
  ],
];

for (const [name, element, data, expected] of TYPES)
  test(`Parquet, ${name}: every digit is kept`, async () => {
    const rows = await readRows(put("type.parquet", stored(element, data)));
    assert.deepEqual(
      rows.map(({ fields }) => fields["v"]),
      expected,
    );
    for (const [i, text] of expected.entries()) if (text === undefined) assert.ok(rows[i]!.noText?.["v"]);
  });

test("values in lists and structures keep their digits too; two columns of one name are named", async () => {
  const leaf = { type: "INT64", logical_type: { type: "DECIMAL", precision: 18, scale: 2 }, scale: 2, precision: 18 };
  const schema = [
    { name: "root", num_children: 2 },
    { name: "s", repetition_type: "REQUIRED", num_children: 1 },
    { name: "price", repetition_type: "REQUIRED", ...leaf },
    { name: "turns", repetition_type: "REQUIRED", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", num_children: 2 },
    { name: "content", repetition_type: "REQUIRED", type: "BYTE_ARRAY", converted_type: "UTF8" },
    { name: "cost", repetition_type: "REQUIRED", ...leaf },
  ] as unknown as NonNullable<Written["schema"]>;
  const columnData = [
    { name: "s", data: [{ price: 1999n }] },
    { name: "turns", data: [[{ content: "hi", cost: 5n }]] },
  ] as unknown as Written["columnData"];
  const [row] = await readRows(
    put("nested.parquet", new Uint8Array(parquetWriteBuffer({ columnData, schema, codec: "UNCOMPRESSED" }))),
  );
  assert.deepEqual([row!.fields["s.price"], row!.objects?.["turns"]], ["19.99", [{ content: "hi", cost: "0.05" }]]);
  for (const names of [
    ["a", "a"],
    ["text", "label", "text"],
    ["x", "y", "y"],
  ]) {
    const twice = names.map((name) => ({ name, data: ["v"], type: "STRING" as const }));
    await assert.rejects(
      readRows(put("twice.parquet", new Uint8Array(parquetWriteBuffer({ columnData: twice })))),
      /twice\.parquet: it has the column "(a|text|y)" twice/,
    );
  }
});

test("lists of objects that nest deeper than the stack is are read", async () => {
  const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  assert.equal((await readRows(put("deep.jsonl", `{"t":"x","l":[${deep}]}`)))[0]!.fields["t"], "x");
});

test("a label that a data frame wrote with a point is the class; -1.0 hides a label", async () => {
  put("train.jsonl", '{"sentence":"a","label":1.0}\n{"sentence":"b","label":0.0}\n');
  put("test.jsonl", '{"sentence":"a","label":-1.0}\n');
  const task = await loadTask(ExperimentFile.shape.task.parse({ kind: "named", name: "sst2", folder }));
  assert.deepEqual([task.train.map(({ target }) => target), task.test], [["1", "0"], []]);
});
