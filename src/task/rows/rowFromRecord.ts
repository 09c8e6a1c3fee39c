import { MOST_INSIDE } from "../../base/jsonBounds.ts";
import type { Row } from "./row.ts";

/** A value as text where it is a string, a number (also of 64 bits), a truth value or a date; undefined otherwise. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  return value instanceof Date ? value.toISOString() : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !ArrayBuffer.isView(value);

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
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Every value by its name; a value inside an object is named "outer.inner", down to MOST_INSIDE levels. */
function flatten(record: Record<string, unknown>, prefix: string, depth = 0): [string, unknown][] {
  return Object.entries(record).flatMap(([name, value]): [string, unknown][] => [
    [prefix + name, value],
    ...(isObject(value) && depth < MOST_INSIDE ? flatten(value, `${prefix}${name}.`, depth + 1) : []),
  ]);
}

/**
 * Makes a row of a record of JSON or Parquet. A value that is null or has no text is not a field, so a template that
 * names it reports it missing. The id of a question is stored as "id"; copies from MRQA name it "qid" or "key".
 */
export function rowFromRecord(record: Record<string, unknown>, place: Pick<Row, "line" | "unit">): Row {
  const entries = flatten(record, "");
  const fields = Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const text = textOf(value);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  const lists = Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const texts = textsOf(value);
      return texts === undefined ? [] : [[name, texts]];
    }),
  );
  const objects = objectLists(record);
  const id =
    Object.hasOwn(fields, "question") && Object.hasOwn(fields, "context") && !Object.hasOwn(fields, "id")
      ? (fields["qid"] ?? fields["key"])
      : undefined;
  return { fields: id === undefined ? fields : { ...fields, id }, lists, ...(objects && { objects }), ...place };
}
