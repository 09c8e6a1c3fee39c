import { parseTree, type Node } from "jsonc-parser";
import { isShallow, MOST_INSIDE } from "../base/jsonBounds.ts";
import type { Spelled } from "./placedText.ts";

/**
 * The text of a JSON string (quotes left out) and where each of its units is spelled; escapes are one unit each.
 * @param at the first unit after the opening quote
 */
export function spelledString(raw: string, at: number): Spelled {
  if (!raw.includes("\\")) return { text: raw, at };
  const places = new Int32Array(raw.length + 1);
  const parts: string[] = [];
  let units = 0;
  for (let i = 0; i < raw.length;) {
    const escape = raw.indexOf("\\", i);
    const plain = escape < 0 ? raw.length : escape;
    parts.push(raw.slice(i, plain));
    for (; i < plain; i++) places[units++] = at + i;
    if (i === raw.length) break;
    const length = raw[i + 1] === "u" ? 6 : 2;
    parts.push(unescaped(raw.slice(i, i + length)));
    places[units++] = at + i;
    i += length;
  }
  places[units] = at + raw.length;
  return { text: parts.join(""), at: places.subarray(0, units + 1) };
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const unescaped = (escape: string): string =>
  escape[1] === "u"
    ? String.fromCharCode(parseInt(escape.slice(2), 16))
    : (ESCAPES[escape[1] ?? ""] ?? escape[1] ?? "");

function collect(
  node: Node,
  { prefix, depth }: { prefix: string; depth: number },
  record: string,
  fields: Map<string, Spelled>,
): void {
  for (const { children } of node.children ?? []) {
    const [key, value] = children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = prefix + String(key.value);
    if (value.type === "object") {
      if (depth < MOST_INSIDE) collect(value, { prefix: `${name}.`, depth: depth + 1 }, record, fields);
    } else if (value.type === "string")
      fields.set(
        name,
        spelledString(record.slice(value.offset + 1, value.offset + value.length - 1), value.offset + 1),
      );
    else if (value.type === "number" || value.type === "boolean")
      fields.set(name, spelledAs(String(value.value), value));
  }
}

/** A value whose text may differ from its spelling (1.0 is "1"): then all of it stands for each unit. */
function spelledAs(text: string, { offset, length }: Node): Spelled {
  return {
    text,
    at:
      text.length === length
        ? offset
        : Int32Array.from({ length: text.length + 1 }, (_, i) => (i < text.length ? offset : offset + length)),
  };
}

/**
 * The fields of one JSON object as a task reads them: texts, numbers and truth values, what lies inside an object as
 * "outer.inner". Undefined where the record is no JSON object.
 */
export function jsonFields(record: string): Map<string, Spelled> | undefined {
  if (!isShallow(record)) return undefined;
  const errors: { error: number; offset: number; length: number }[] = [];
  const root = parseTree(record, errors, { disallowComments: true });
  if (root?.type !== "object" || errors.length > 0) return undefined;
  const fields = new Map<string, Spelled>();
  collect(root, { prefix: "", depth: 0 }, record, fields);
  return fields;
}
