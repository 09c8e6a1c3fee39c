import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { ExactNumber } from "./exactJson.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The most values that a file of columns may make: its rows times its columns. */
const MOST_VALUES = 50_000_000;
const MOST_NAMED = 20;
const COUNT = /^\d+$/;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
const isListOfObjects = (value: unknown): value is Fields[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** Makes rows of columns; `at` is a column's value in a row. */
function fromColumns<K>(names: readonly string[], keys: readonly K[], at: (name: string, key: K) => unknown): Fields[] {
  if (names.length * keys.length > MOST_VALUES) throw new RangeError("more values than a file of rows has");
  return keys.map((key) => Object.fromEntries(names.map((name) => [name, at(name, key)])));
}

/** Rows of pandas' orient="split": columns, and lists of values. */
function split({ columns, data }: Fields): unknown[] | undefined {
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return undefined;
  const names = (columns as unknown[]).map(String);
  const rows: unknown[][] = data;
  return fromColumns(
    names,
    rows.map((_, row) => row),
    (name, row) => rows[row]![names.indexOf(name)],
  );
}

/** Rows of columns, each an object from a row's index to its value, or, the other way round, of rows by their index. */
function byIndex(value: Fields): unknown[] | undefined {
  const parts = Object.entries(value);
  if (parts.length === 0 || !parts.every((entry): entry is [string, Fields] => isObject(entry[1]))) return undefined;
  const [, first] = parts[0]!;
  const inner = Object.keys(first);
  const isCounted = (names: readonly string[]): boolean => names.length > 0 && names.every((name) => COUNT.test(name));
  if (isCounted(Object.keys(value)) && !isCounted(inner)) return parts.map(([, row]) => row);
  const isEven = parts.every(([, column]) => Object.keys(column).length === inner.length);
  if (!isEven || !isCounted(inner)) return undefined;
  return fromColumns(Object.keys(value), inner, (name, index) => (value[name] as Fields)[index]);
}

/** Rows of columns that are lists of equal length. */
function byLists(value: Fields): unknown[] | undefined {
  const lists = Object.values(value);
  const [first] = lists;
  if (!Array.isArray(first) || !lists.every((list) => Array.isArray(list) && list.length === first.length))
    return undefined;
  if (lists.some(isListOfObjects)) return undefined;
  return fromColumns(
    Object.keys(value),
    first.map((_, row) => row),
    (name, row) => (value[name] as unknown[])[row],
  );
}

/**
 * The rows of a JSON document that is no list itself: a list of objects under a name ({"data": [...]}), the columns of
 * pandas' to_json in any of its orientations, columns that are lists, or one object alone.
 * @returns undefined where the document is SQuAD's
 * @throws UserError where it has several lists of rows
 */
export function layoutRows(value: unknown, path: string): unknown[] | undefined {
  if (!isObject(value)) return [value];
  const lists = Object.entries(value).filter((entry): entry is [string, Fields[]] => isListOfObjects(entry[1]));
  const squad = lists.find(([, list]) => list.some((each) => "paragraphs" in each));
  if (squad !== undefined) return undefined;
  const named = lists.find(([name]) => name === "data") ?? (lists.length === 1 ? lists[0] : undefined);
  const isConversation = lists.length === 1 && named !== undefined && ["messages", "conversations"].includes(named[0]);
  if (named !== undefined && !isConversation) return named[1];
  if (lists.length > 1)
    throw new UserError(
      "json-lists-of-rows",
      phrase`${path} has several lists of rows: ${lists
        .slice(0, MOST_NAMED)
        .map(([name]) => name)
        .join(", ")}`,
      phrase`Write each list into a file of its own.`,
    );
  return split(value) ?? byIndex(value) ?? byLists(value) ?? [value];
}
