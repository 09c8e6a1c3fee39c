import { MOST_INSIDE } from "../../base/jsonBounds.ts";
import { ExactNumber, asPlainJson } from "./exactJson.ts";
import type { NoText, Row } from "./row.ts";

/**
 * A value as text where it is a string, a number with all of its digits, a truth value or a date; undefined otherwise,
 * as for NaN, which is how data frames mark a missing value.
 */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (value instanceof ExactNumber) return value.text;
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof ExactNumber) &&
  !ArrayBuffer.isView(value);

/** What a value is that has no text. */
function noTextOf(value: unknown): NoText {
  if (typeof value === "number") return Number.isNaN(value) ? "nan" : "infinity";
  if (Array.isArray(value)) return "list";
  if (ArrayBuffer.isView(value)) return "bytes";
  if (value instanceof Date) return "date";
  return isObject(value) ? "object" : "null";
}

/** A value as a list of texts: a list of strings, SQuAD's {"text": [...]}, or a list of {"text": "..."}. */
function textsOf(value: unknown): string[] | undefined {
  if (isObject(value)) return Array.isArray(value["text"]) ? textsOf(value["text"]) : undefined;
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((each: unknown) => (isObject(each) ? each["text"] : each));
  return texts.every((each): each is string => typeof each === "string") ? texts : undefined;
}

/** The fields of a record that hold lists of objects; undefined where there are none. */
function objectLists(record: Record<string, unknown>): Row["objects"] {
  const found = Object.entries(record).filter(
    (entry): entry is [string, Record<string, unknown>[]] =>
      Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every(isObject),
  );
  return found.length === 0
    ? undefined
    : Object.fromEntries(
        found.map(([name, list]) => [name, list.map((each) => asPlainJson(each) as Record<string, unknown>)]),
      );
}

/** Every value by its name; a value inside an object is named "outer.inner", down to MOST_INSIDE levels. */
function flatten(record: Record<string, unknown>, prefix: string, depth = 0): [string, unknown][] {
  return Object.entries(record).flatMap(([name, value]): [string, unknown][] => [
    [prefix + name, value],
    ...(isObject(value) && depth < MOST_INSIDE ? flatten(value, `${prefix}${name}.`, depth + 1) : []),
  ]);
}

/**
 * Makes a row of a record of JSON or Parquet. A value that is null, not a number or has no text is not a field;
 * `noText` says what it is, for the message of a template that names it. The id of a question is stored as "id"; copies
 * from MRQA name it "qid" or "key".
 */
export function rowFromRecord(record: Record<string, unknown>, place: Pick<Row, "line" | "unit">): Row {
  const entries = flatten(record, "");
  const fields: [string, string][] = [];
  const noText: [string, NoText][] = [];
  for (const [name, value] of entries) {
    const text = textOf(value);
    if (text === undefined) noText.push([name, noTextOf(value)]);
    else fields.push([name, text]);
  }
  const named = Object.fromEntries(fields);
  const lists = Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const texts = textsOf(value);
      return texts === undefined ? [] : [[name, texts]];
    }),
  );
  const objects = objectLists(record);
  const id =
    Object.hasOwn(named, "question") && Object.hasOwn(named, "context") && !Object.hasOwn(named, "id")
      ? (named["qid"] ?? named["key"])
      : undefined;
  return {
    fields: id === undefined ? named : { ...named, id },
    lists,
    ...(objects && { objects }),
    ...(noText.length > 0 && { noText: Object.fromEntries(noText) }),
    ...place,
  };
}
