import { parseTree, type Node } from "jsonc-parser";
import { isShallow } from "../base/jsonBounds.ts";
import type { TurnReading, TurnSurroundings } from "../experiment/templateParts.ts";
import { jsonString } from "./jsonFields.ts";
import { joinedInput, type PlacedText, type SourceText } from "./placedText.ts";

/** The most turns of a row that are shown. */
const MOST_TURNS = 2000;

const valueOf = (node: Node | undefined, name: string): Node | undefined =>
  node?.children?.find(({ children }) => children?.[0]?.value === name)?.children?.[1];

const stringOf = (row: string, node: Node): SourceText =>
  jsonString(row.slice(node.offset + 1, node.offset + node.length - 1), node.offset + 1);

/** The text without white space at both ends, where a template leaves it out. */
function trimmed({ text, at }: SourceText, trims: boolean): SourceText {
  if (!trims) return { text, at };
  const from = text.length - text.trimStart().length;
  const kept = text.trim();
  return { text: kept, at: typeof at === "number" ? at + from : at.subarray(from, from + kept.length + 1) };
}

/** A turn's text with what the template writes around it; where in the whole input it stands is not known. */
function turnText(parts: readonly SourceText[], { before, after }: TurnSurroundings, trims: boolean): PlacedText[] {
  const kept = parts.map((part) => trimmed(part, trims && parts.length === 1)).filter(({ text }) => text !== "");
  return kept.length === 0 ? [] : [{ ...joinedInput([before, ...kept, after]), isPart: true }];
}

/** The strings of a turn's content: one, or those of a list of parts. */
function contentOf(row: string, turn: Node): SourceText[] {
  const content = valueOf(turn, "content") ?? valueOf(turn, "value");
  const parts = content?.type === "array" ? (content.children ?? []) : [content];
  return parts.flatMap((part) => {
    const text = part?.type === "object" ? valueOf(part, "text") : part;
    return text?.type === "string" ? [stringOf(row, text)] : [];
  });
}

/**
 * The texts of a row of conversations: the content of each turn, or of the columns of a question and its answer, each
 * as the model reads it within its chat template. Empty where the row is no JSON object, or has none of these.
 */
export function conversationTexts(row: string, { roles, lists, columns, trims }: TurnReading): PlacedText[] {
  if (!isShallow(row)) return [];
  const errors: { error: number; offset: number; length: number }[] = [];
  const root = parseTree(row, errors, { disallowComments: true });
  if (root?.type !== "object" || errors.length > 0) return [];
  const surroundings = (role: unknown): TurnSurroundings =>
    (typeof role === "string" ? roles[role.toLowerCase()] : undefined) ?? { before: "", after: "" };
  const turnsOf = (list: Node): PlacedText[] =>
    (list.children ?? []).slice(0, MOST_TURNS).flatMap((turn) => {
      const role = (valueOf(turn, "role") ?? valueOf(turn, "from"))?.value as unknown;
      return turnText(contentOf(row, turn), surroundings(role), trims);
    });
  const listed = lists.map((name) => valueOf(root, name)).find((each) => each?.type === "array");
  if (listed !== undefined) return turnsOf(listed);
  return Object.entries(columns).flatMap(([name, role]) => {
    const value = valueOf(root, name);
    if (value?.type === "array") return turnsOf(value);
    return value?.type === "string" ? turnText([stringOf(row, value)], surroundings(role), trims) : [];
  });
}
