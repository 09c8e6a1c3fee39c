import { findNodeAtLocation, parseTree } from "jsonc-parser";
import { outOfBounds } from "../base/jsonBounds.ts";
import { templateParts } from "../experiment/templateParts.ts";
import { jsonString } from "./jsonFields.ts";
import { singleText, type PlacedText, type SourceText } from "./placedText.ts";

const TEXT_PATHS = [
  ["method", "initText"],
  ["task", "source"],
  ["task", "target"],
] as const;

/** Returns the texts of an experiment file that reach a model: the prompt's initial text and the templates' words. */
export function experimentTexts(text: string): PlacedText[] {
  const root = outOfBounds(text) === undefined ? parseTree(text, [], { allowTrailingComma: true }) : undefined;
  return TEXT_PATHS.flatMap((path): PlacedText[] => {
    const node = root && findNodeAtLocation(root, [...path]);
    if (node?.type !== "string") return [];
    const value = jsonString(text.slice(node.offset + 1, node.offset + node.length - 1), node.offset + 1);
    return path[0] === "method" ? [singleText(value)] : templateWords(value);
  });
}

/** Returns the words of a template outside its fields. */
function templateWords({ text, at }: SourceText): PlacedText[] {
  if (templateParts(text) === undefined) return [];
  // Matches words, with doubled braces, or a whole field, whose name may hold a pair of braces.
  return [...text.matchAll(/(?:\{\{|\}\}|[^{}])+|(\{(?:[^{}]|\{[^{}]*\})*\})/g)]
    .filter(([words, field]) => field === undefined && words.trim() !== "")
    .map(({ 0: words, index }) =>
      singleText({ text: words, at: typeof at === "number" ? at + index : at.slice(index, index + words.length + 1) }),
    );
}
