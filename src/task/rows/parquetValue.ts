import { parquetSchema, type FileMetaData, type SchemaElement } from "hyparquet";
import { parseExactly } from "./exactJson.ts";

type Tree = ReturnType<typeof parquetSchema>;
/** What a stored value means: its annotation, of either kind that a schema has. */
type Meaning = (value: unknown) => unknown;

/** The most digits behind a decimal's point, and the most bytes of its value; Arrow's largest has 76 and 32. */
const MOST_SCALE = 100;
const MOST_DECIMAL_BYTES = 64;
const MS_A_DAY = 86_400_000n;
/** How many of a unit make a second, by the number of digits that it has behind the point. */
const DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;

/** Annotations whose values the library would round, cut or refuse, and those that it does not know. */
const OWN = new Set([
  ...["DECIMAL", "DATE", "TIME", "TIMESTAMP", "INTEGER", "JSON", "BSON", "INTERVAL", "ENUM", "NULL"],
  ...["TIME_MILLIS", "TIME_MICROS", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"],
  ...["UINT_8", "UINT_16", "UINT_32", "UINT_64", "INT_8", "INT_16", "INT_32", "INT_64"],
]);

const floorDiv = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;
const isWhole = (value: unknown): value is bigint | number => typeof value === "bigint" || Number.isInteger(value);

/** The digits of a fraction of a second. */
const fraction = (value: bigint, digits: number): string => String(value).padStart(digits, "0");

/**
 * A point in time as ISO 8601, with every digit of its unit.
 * @returns an invalid Date where no calendar has it
 */
function timestampText(value: bigint, digits: number, zone: string): string | Date {
  const second = 10n ** BigInt(digits);
  const seconds = floorDiv(value, second);
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return date;
  return `${date.toISOString().slice(0, -5)}.${fraction(value - seconds * second, digits)}${zone}`;
}

/** A day as ISO 8601; an invalid Date where no calendar has it. */
function dateText(days: bigint): string | Date {
  const date = new Date(Number(days * MS_A_DAY));
  return Number.isNaN(date.getTime()) ? date : date.toISOString().split("T")[0]!;
}

function timeText(value: bigint, digits: number): string {
  const second = 10n ** BigInt(digits);
  const seconds = floorDiv(value, second);
  const two = (part: bigint): string => String(part).padStart(2, "0");
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction(value - seconds * second, digits)}`;
}

/** A decimal with all digits of its scale. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, point)}${scale === 0 ? "" : `.${digits.slice(point)}`}`;
}

/** The signed big-endian integer of some bytes. */
function bigEndian(bytes: Uint8Array): bigint {
  if (bytes.length > MOST_DECIMAL_BYTES) throw new RangeError("a decimal is longer than any");
  const hex = Buffer.from(bytes).toString("hex");
  return hex === "" ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

const wholeOf = (value: unknown): bigint | undefined => {
  if (value instanceof Uint8Array) return bigEndian(value);
  return isWhole(value) ? BigInt(value) : undefined;
};

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of bytes that are UTF-8, as older programs store text without saying so; other bytes stay. */
function bytesText(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  try {
    return UTF8.decode(value);
  } catch {
    return value;
  }
}

/** What a JSON text says; the text where it is none. */
function jsonValue(value: unknown): unknown {
  const text = bytesText(value);
  if (typeof text !== "string") return text;
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

/** Months, days and milliseconds, each of four bytes, as an ISO 8601 duration. */
function intervalText(value: unknown): unknown {
  if (!(value instanceof Uint8Array) || value.length !== 12) return value;
  const view = new DataView(value.buffer, value.byteOffset, 12);
  const [months, days, ms] = [0, 4, 8].map((at) => view.getUint32(at, true));
  return `P${months!}M${days!}DT${Math.floor(ms! / 1000)}.${fraction(BigInt(ms! % 1000), 3)}S`;
}

/** The shortest decimal that a narrow float is stored for: 3.8 is stored as 3.799999952316284 in 32 bits. */
const shortest =
  (digits: readonly number[], narrow: (value: number) => number): Meaning =>
  (value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return value;
    return digits.map((count) => Number(value.toPrecision(count))).find((each) => narrow(each) === value) ?? value;
  };

/** The nearest float of 16 bits, which has eleven digits of two; ties go to the even one. */
function half(value: number): number {
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -14) - 10);
  const [below, part] = [Math.floor(value / unit), (value / unit) % 1];
  const isTie = Math.abs(part) === 0.5;
  return value === 0 ? value : unit * (isTie ? below + (Math.abs(below) % 2) : Math.round(value / unit));
}

/** Nine digits tell all floats of 32 bits apart, five those of 16. */
const shortest32 = shortest([6, 7, 8, 9], Math.fround);
const shortest16 = shortest([1, 2, 3, 4, 5], half);

const whole =
  (text: (value: bigint) => unknown): Meaning =>
  (value) => {
    const number = wholeOf(value);
    return number === undefined ? value : text(number);
  };

const unsigned = (bits: number): Meaning => whole((value) => BigInt.asUintN(bits, value));

/** The unit of an annotation, in digits behind a second's point. */
function digitsOf({ converted_type: old, logical_type: logical }: SchemaElement): number {
  const unit = logical !== undefined && "unit" in logical ? logical.unit : undefined;
  return DIGITS[unit ?? (old?.endsWith("MICROS") === true ? "MICROS" : "MILLIS")];
}

/** What the values of a column without children mean. */
function meaningOf(element: SchemaElement): Meaning {
  const { type, converted_type: old, logical_type: logical } = element;
  const digits = digitsOf(element);
  const scale = element.scale ?? (logical?.type === "DECIMAL" ? logical.scale : 0);
  switch (logical?.type ?? old) {
    case "DECIMAL":
      if (!(scale >= 0 && scale <= MOST_SCALE)) throw new RangeError("a decimal has a scale that is none");
      return whole((value) => decimalText(value, scale));
    case "DATE":
      return whole(dateText);
    case "TIME":
    case "TIME_MILLIS":
    case "TIME_MICROS":
      return whole((value) => timeText(value, digits));
    case "TIMESTAMP":
    case "TIMESTAMP_MILLIS":
    case "TIMESTAMP_MICROS": {
      const isLocal = logical?.type === "TIMESTAMP" && !logical.isAdjustedToUTC;
      return whole((value) => timestampText(value, digits, isLocal ? "" : "Z"));
    }
    case "INTEGER":
      return logical?.type === "INTEGER" && !logical.isSigned ? unsigned(logical.bitWidth) : (value) => value;
    case "UINT_8":
    case "UINT_16":
    case "UINT_32":
    case "UINT_64":
      return unsigned(Number((old ?? "").slice("UINT_".length)));
    case "JSON":
      return jsonValue;
    case "INTERVAL":
      return intervalText;
    case "FLOAT16":
      return shortest16;
    case "BSON":
    case "UUID":
      return (value) => value;
    default:
      return type === "FLOAT" ? shortest32 : bytesText;
  }
}

/** Makes values of a column of what the library reads, in lists, maps and structures too. */
function converter(tree: Tree): Meaning {
  const { element, children } = tree;
  const [only] = children;
  if (only === undefined) {
    const mean = meaningOf(element);
    const each: Meaning = (value) => (Array.isArray(value) ? value.map(each) : mean(value));
    return each;
  }
  const isList = element.converted_type === "LIST" && children.length === 1;
  if (isList) return converter(only.children.length === 1 ? only.children[0]! : only);
  const isMap = ["MAP", "MAP_KEY_VALUE"].includes(element.converted_type ?? "") && only.children.length === 2;
  const of = isMap ? undefined : new Map(children.map((child) => [child.element.name, converter(child)]));
  const values = isMap ? converter(only.children[1]!) : undefined;
  const each: Meaning = (value) => {
    if (Array.isArray(value)) return value.map(each);
    if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, (values ?? of?.get(name))?.(inner) ?? inner]),
    );
  };
  return element.logical_type?.type === "VARIANT" ? (value) => value : each;
}

/** Points in time that the library itself makes: those of 96 bits, which have no zone, and those inside a variant. */
export const TIME_PARSERS = {
  timestampFromMilliseconds: (value: bigint) => timestampText(BigInt(value), DIGITS.MILLIS, "Z"),
  timestampFromMicroseconds: (value: bigint) => timestampText(BigInt(value), DIGITS.MICROS, "Z"),
  timestampFromNanoseconds: (value: bigint) => timestampText(BigInt(value), DIGITS.NANOS, ""),
};

/**
 * Has the library leave values as they are stored where it would change them: it rounds decimals and cuts timestamps.
 * @returns the metadata to read by, and what makes each column's values of what is read then
 * @throws RangeError where a decimal's scale is none
 */
export function exactValues(metadata: FileMetaData): { metadata: FileMetaData; columns: Map<string, Meaning> } {
  const columns = new Map(
    parquetSchema(metadata).children.map((child) => [child.element.name, converter(child)] as const),
  );
  const isOwn = ({ converted_type: old, logical_type: logical, num_children: children }: SchemaElement): boolean =>
    !((children ?? 0) > 0) && (OWN.has(old ?? "") || OWN.has(logical?.type ?? ""));
  const schema = metadata.schema.map((element) =>
    isOwn(element) ? { ...element, converted_type: undefined, logical_type: undefined } : element,
  );
  return { metadata: { ...metadata, schema }, columns };
}
