import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { parquetGroups } from "../../../src/task/rows/parquetGroups.ts";
import { thriftStruct, type ThriftStruct } from "../../../src/task/rows/thriftStruct.ts";
import { makeThrift } from "../make/makeThrift.ts";
import { holds, type Reader } from "../reader.ts";
import { checkRows } from "./checkRows.ts";

type Written = Parameters<typeof parquetWriteBuffer>[0];

function checkStruct(fields: ThriftStruct): void {
  for (const [number, value] of fields) {
    holds(Number.isInteger(number), "a field's number");
    if (value instanceof Map) checkStruct(value);
    else holds(value === undefined || Number.isInteger(value), "a field's value");
  }
}

/** The header of a page. */
const thriftReader: Reader = {
  name: "thrift",
  weight: 8,
  corpus: () => [
    // A data page: its type, its sizes, and its own header of values and encodings.
    Buffer.from([0x15, 0, 0x15, 0x40, 0x15, 0x40, 0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0]),
    Buffer.from([0x15, 4, 0x15, 8, 0x15, 8, 0x4c, 0x15, 2, 0x15, 0, 0, 0]),
  ],
  make: makeThrift,
  open: () => (input) => {
    let read: ReturnType<typeof thriftStruct>;
    try {
      read = thriftStruct(input);
    } catch (error) {
      // What calls it makes a refusal of these.
      if (error instanceof RangeError) return;
      throw error;
    }
    holds(read.length > 0 && read.length <= input.length, "a struct outside of its bytes");
    checkStruct(read.fields);
  },
};

const logical = (type: string, logicalType: object, more: object = {}): object => ({
  type,
  logical_type: logicalType,
  ...more,
});
/** A column of each type that has a meaning of its own. */
const TYPES: readonly (readonly [object, readonly unknown[]])[] = [
  [logical("INT64", { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" }), [1n, -1n]],
  [logical("INT32", { type: "DATE" }), [0, 19724]],
  [logical("INT64", { type: "DECIMAL", precision: 18, scale: 4 }, { precision: 18, scale: 4 }), [5n, -5n]],
  [logical("INT32", { type: "INTEGER", bitWidth: 8, isSigned: false }), [200, 1]],
  [
    { type: "FIXED_LEN_BYTE_ARRAY", type_length: 12, converted_type: "INTERVAL" },
    [new Uint8Array(12), new Uint8Array(12)],
  ],
  [{ type: "BYTE_ARRAY", converted_type: "JSON" }, [Buffer.from("[1.50]"), Buffer.from("{")]],
  [{ type: "FLOAT" }, [3.8, NaN]],
  [{ type: "BOOLEAN" }, [true, false]],
];

/** Parquet files of several codecs and types, of lists and structures. */
function files(): Buffer[] {
  const plain = (["UNCOMPRESSED", "SNAPPY"] as const).map((codec) => ({
    codec,
    columnData: [
      { name: "text", data: ["one", "two", "three"], type: "STRING" },
      { name: "label", data: [1, 2, null], type: "INT32" },
      { name: "turns", data: [["a"], [], ["b", "c"]].map((each) => JSON.stringify(each)), type: "JSON" },
    ],
  }));
  const typed = TYPES.map(([element, data]) => ({
    columnData: [{ name: "v", data }],
    schema: [
      { name: "root", num_children: 1 },
      { name: "v", repetition_type: "REQUIRED", ...element },
    ],
  }));
  const nested = {
    columnData: [{ name: "turns", data: [[{ content: "hi" }], [{ content: "a" }, { content: "b" }]] }],
    schema: [
      { name: "root", num_children: 1 },
      { name: "turns", repetition_type: "REQUIRED", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "REQUIRED", num_children: 1 },
      { name: "content", repetition_type: "REQUIRED", type: "BYTE_ARRAY", converted_type: "UTF8" },
    ],
  };
  return [...plain, ...typed, nested].map((each) => Buffer.from(parquetWriteBuffer(each as unknown as Written)));
}

/**
 * What the process that reads Parquet does, here without one: what the file's checks let through, within the limit of
 * time that it would have.
 */
const insideReader: Reader = {
  name: "parquetInside",
  weight: 3,
  patience: 3000,
  corpus: files,
  open: (folder) => {
    const path = join(folder, "train.parquet");
    return async (input) => {
      writeFileSync(path, input);
      for await (const { rows } of parquetGroups(path, Infinity)) checkRows(rows);
    };
  },
};

export const PARQUET_READERS: readonly Reader[] = [thriftReader, insideReader];
