import { BLOCKS, type GgufType } from "../../../src/backbone/gguf/ggufTypes.ts";

// Bytes of GGUF files, valid ones and others.

const TYPES = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"] as const;
type ValueType = (typeof TYPES)[number];
type Plain = number | bigint | boolean | string;

/** A value of the metadata under a type of its own; `of` is that of an array's values. */
export interface Typed {
  type: ValueType;
  of?: ValueType;
  value: Plain | readonly Plain[];
}
/**
 * A value of the metadata. Whole numbers are u32, or i32 where they are negative, others f32; in arrays i32 or f32. An
 * empty array is one of strings.
 */
export type Written = Plain | readonly Plain[] | Typed;

export interface WrittenTensor {
  name: string;
  /** A type, or any number of one. */
  type: GgufType | number;
  /** Outermost first, as in Hugging Face. */
  dims: readonly number[];
  /** The bytes of the values; zeros where it is left out. */
  data?: ArrayBufferView;
  /** The first byte in the data, where it is not that behind the tensor before. */
  offset?: number | bigint;
}

export interface GgufContent {
  metadata?: Readonly<Record<string, Written>> | readonly (readonly [string, Written])[];
  tensors?: readonly WrittenTensor[];
  version?: number;
  /** Written to the metadata where it is given. */
  alignment?: number;
  /** Other numbers of keys and tensors than there are. */
  keyCount?: number | bigint;
  tensorCount?: number | bigint;
}

const NUMBERS: Readonly<Record<GgufType, number>> = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q8_0: 8,
  Q4_K: 12,
  Q5_K: 13,
  Q6_K: 14,
  BF16: 30,
};

/** The bytes of a value of a fixed size. */
export function scalar(type: Exclude<ValueType, "string" | "array">, value: Plain): Buffer {
  const view = new DataView(new ArrayBuffer(8));
  const number = Number(value);
  const long = (): bigint => BigInt(value);
  const write: Record<typeof type, () => number> = {
    u8: () => (view.setUint8(0, number), 1),
    i8: () => (view.setInt8(0, number), 1),
    bool: () => (view.setUint8(0, number), 1),
    u16: () => (view.setUint16(0, number, true), 2),
    i16: () => (view.setInt16(0, number, true), 2),
    u32: () => (view.setUint32(0, number, true), 4),
    i32: () => (view.setInt32(0, number, true), 4),
    f32: () => (view.setFloat32(0, number, true), 4),
    f64: () => (view.setFloat64(0, number, true), 8),
    u64: () => (view.setBigUint64(0, long(), true), 8),
    i64: () => (view.setBigInt64(0, long(), true), 8),
  };
  return Buffer.from(view.buffer).subarray(0, write[type]());
}

/** A string behind its length. */
export function lengthAndText(text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([scalar("u64", bytes.length), bytes]);
}

const one = (type: ValueType, value: Plain): Buffer =>
  type === "string" ? lengthAndText(value as string) : scalar(type as "u8", value);
const isList = (value: Written): value is readonly Plain[] => Array.isArray(value);

function typeOf(value: Plain, isInArray: boolean): ValueType {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "u64";
  if (!Number.isInteger(value)) return "f32";
  return isInArray || value < 0 ? "i32" : "u32";
}

function typed(value: Written): Typed {
  if (isList(value)) {
    const types = value.map((each) => typeOf(each, true));
    return { type: "array", of: types.find((type) => type === "f32") ?? types[0] ?? "string", value };
  }
  return typeof value === "object" ? value : { type: typeOf(value, false), value };
}

/** The number of a value's type, then the value. */
export function writtenValue(written: Written): Buffer {
  const { type, of = "string", value } = typed(written);
  const kind = scalar("u32", TYPES.indexOf(type));
  if (type !== "array") return Buffer.concat([kind, one(type, value as Plain)]);
  const values = value as readonly Plain[];
  return Buffer.concat([
    kind,
    scalar("u32", TYPES.indexOf(of)),
    scalar("u64", values.length),
    ...values.map((each) => one(of, each)),
  ]);
}

type Entries = readonly (readonly [string, Written])[];
const isEntries = (metadata: NonNullable<GgufContent["metadata"]>): metadata is Entries => Array.isArray(metadata);

/** Zeros up to a multiple of the alignment. */
const padding = (length: number, alignment: number): Buffer => Buffer.alloc(-length & (alignment - 1));

function dataOf({ type, dims, data }: WrittenTensor): Buffer {
  if (data !== undefined) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const { values, bytes } = typeof type === "number" ? { values: 1, bytes: 4 } : BLOCKS[type];
  return Buffer.alloc((dims.reduce((a, b) => a * b, 1) / values) * bytes);
}

/** The bytes of a GGUF file. */
export function ggufBytes(content: GgufContent): Buffer {
  const { metadata = {}, tensors = [], version = 3, alignment } = content;
  const given = isEntries(metadata) ? metadata : Object.entries(metadata);
  const entries: (readonly [string, Written])[] = [...given];
  if (alignment !== undefined) entries.push(["general.alignment", alignment]);
  const step = alignment ?? 32;
  const data: Buffer[] = [];
  let end = 0;
  const infos = tensors.map((tensor) => {
    const { name, type, dims } = tensor;
    const offset = end;
    const bytes = dataOf(tensor);
    data.push(bytes, padding(bytes.length, step));
    end += bytes.length + data.at(-1)!.length;
    return Buffer.concat([
      lengthAndText(name),
      scalar("u32", dims.length),
      ...[...dims].reverse().map((size) => scalar("u64", size)),
      scalar("u32", typeof type === "number" ? type : NUMBERS[type]),
      scalar("u64", tensor.offset ?? offset),
    ]);
  });
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    scalar("u32", version),
    scalar("u64", content.tensorCount ?? tensors.length),
    scalar("u64", content.keyCount ?? entries.length),
    ...entries.map(([key, value]) => Buffer.concat([lengthAndText(key), writtenValue(value)])),
    ...infos,
  ]);
  return Buffer.concat([head, ...(data.length > 0 ? [padding(head.length, step)] : []), ...data]);
}
