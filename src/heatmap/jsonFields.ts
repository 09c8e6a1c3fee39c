import { parseTree, type Node } from "jsonc-parser";
import { isShallow, MOST_INSIDE } from "../base/jsonBounds.ts";
import type { SourceText } from "./placedText.ts";

/**
 * Returns the text of a JSON string, in which an escape is one character, and where the row spells it.
 * @param raw the string between its quotes
 * @param at index in the row of the first character after the opening quote
 */
export function jsonString(raw: string, at: number): SourceText {
  if (!raw.includes("\\")) return { text: raw, at };
  const indices = new Int32Array(raw.length + 1);
  const parts: string[] = [];
  let length = 0;
  for (let i = 0; i < raw.length;) {
    const escape = raw.indexOf("\\", i);
    const plainEnd = escape < 0 ? raw.length : escape;
    parts.push(raw.slice(i, plainEnd));
    for (; i < plainEnd; i++) indices[length++] = at + i;
    if (i === raw.length) break;
    const escapeLength = raw[i + 1] === "u" ? 6 : 2;
    parts.push(unescaped(raw.slice(i, i + escapeLength)));
    indices[length++] = at + i;
    i += escapeLength;
  }
  indices[length] = at + raw.length;
  return { text: parts.join(""), at: indices.subarray(0, length + 1) };
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const unescaped = (escape: string): string =>
  escape[1] === "u"
    ? String.fromCharCode(parseInt(escape.slice(2), 16))
    : (ESCAPES[escape[1] ?? ""] ?? escape[1] ?? "");

/** Adds the fields of an object, and of the objects in it, to `fields`. */
function collect(
  node: Node,
  { prefix, depth }: { prefix: string; depth: number },
  row: string,
  fields: Map<string, SourceText>,
): void {
  for (const { children } of node.children ?? []) {
    const [key, value] = children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = prefix + String(key.value);
    if (value.type === "object") {
      if (depth < MOST_INSIDE) collect(value, { prefix: `${name}.`, depth: depth + 1 }, row, fields);
    } else if (value.type === "string")
      fields.set(name, jsonString(row.slice(value.offset + 1, value.offset + value.length - 1), value.offset + 1));
    else if (value.type === "number" || value.type === "boolean")
      fields.set(name, literalText(String(value.value), value));
  }
}

/**
 * Returns the text of a number or a boolean. If the row spells it differently (1.0 reads "1"), each character of the
 * text stands for the whole value.
 */
function literalText(text: string, { offset, length }: Node): SourceText {
  return {
    text,
    at:
      text.length === length
        ? offset
        : Int32Array.from({ length: text.length + 1 }, (_, i) => (i < text.length ? offset : offset + length)),
  };
}

/**
 * Returns the fields of a JSON object as a task reads them: its strings, numbers and booleans. A field of a nested
 * object is named "outer.inner". Returns undefined if the row is not a JSON object.
 */
export function jsonFields(row: string): Map<string, SourceText> | undefined {
  if (!isShallow(row)) return undefined;
  const errors: { error: number; offset: number; length: number }[] = [];
  const root = parseTree(row, errors, { disallowComments: true });
  if (root?.type !== "object" || errors.length > 0) return undefined;
  const fields = new Map<string, SourceText>();
  collect(root, { prefix: "", depth: 0 }, row, fields);
  return fields;
}
