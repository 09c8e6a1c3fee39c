import { findNodeAtLocation, parseTree } from "jsonc-parser";
import { outOfBounds } from "../base/jsonBounds.ts";
import type { TableForm } from "../experiment/tableForm.ts";
import { templateParts, type RowReading } from "../experiment/templateParts.ts";
import { jsonFields, spelledString } from "./jsonFields.ts";
import { joined, whole, type PlacedText, type Spelled } from "./placedText.ts";
import { tableCells } from "./tableFields.ts";

/**
 * How a document is read: prose line by line, rows of data by their fields, an experiment by the texts that it gives to
 * a model.
 */
export type DocumentKind = "prose" | "jsonl" | "csv" | "tsv" | "experiment";

export function documentKindOf(path: string): DocumentKind {
  const name = path.toLowerCase();
  if (name.endsWith(".adept.json")) return "experiment";
  return name.endsWith(".jsonl") || name.endsWith(".ndjson")
    ? "jsonl"
    : name.endsWith(".csv")
      ? "csv"
      : name.endsWith(".tsv")
        ? "tsv"
        : "prose";
}

/** How the rows of a table are read: how its text is cut, and the columns that its header names. */
export interface TableHead {
  form: TableForm;
  columns: readonly string[];
}

/**
 * Lines of a document that belong together, as one string with "\n" between them; `bare`: a table's line with a quote
 * that is not closed, where quotes count as characters.
 */
export interface DocumentRow {
  line: number;
  lines: number;
  text: string;
  bare?: boolean;
}

const isText = ({ text }: Spelled): boolean => text.trim() !== "" && !/^[\s\d.,+-]*$/.test(text);

/**
 * The input that the task makes of a row; else, where it is no template, or the row lacks a field of it, each of the
 * texts that the task reads; else each of the row's.
 */
function inputOf(fields: ReadonlyMap<string, Spelled>, { reading, fields: read }: RowReading): PlacedText[] {
  const first = (names: readonly string[]): Spelled | undefined =>
    names.map((name) => fields.get(name)).find((each) => each !== undefined);
  const input = reading?.map((part) => ("literal" in part ? part.literal : first(part.fields)));
  if (input?.every((part) => part !== undefined) === true) return [joined(input)];
  const own = (read ?? []).flatMap((names) => first(names) ?? []);
  return (own.length > 0 ? own : [...fields.values()].filter(isText)).map(whole);
}

const EXPERIMENT_TEXTS = [
  ["method", "initText"],
  ["task", "source"],
  ["task", "target"],
] as const;

/** The texts that an experiment file gives to a model: what the prompt starts from, and the templates' own words. */
function experimentTexts(text: string): PlacedText[] {
  const root = outOfBounds(text) === undefined ? parseTree(text, [], { allowTrailingComma: true }) : undefined;
  return EXPERIMENT_TEXTS.flatMap((path): PlacedText[] => {
    const node = root && findNodeAtLocation(root, [...path]);
    if (node?.type !== "string") return [];
    const spelled = spelledString(text.slice(node.offset + 1, node.offset + node.length - 1), node.offset + 1);
    return path[0] === "method" ? [whole(spelled)] : literalsOf(spelled);
  });
}

/** The words of a template outside its braces. */
function literalsOf({ text, at }: Spelled): PlacedText[] {
  if (templateParts(text) === undefined) return [];
  // Fields, braces in their names too, are passed over.
  return [...text.matchAll(/(?:\{\{|\}\}|[^{}])+|(\{(?:[^{}]|\{[^{}]*\})*\})/g)]
    .filter(([words, field]) => field === undefined && words.trim() !== "")
    .map(({ 0: words, index }) =>
      whole({ text: words, at: typeof at === "number" ? at + index : at.slice(index, index + words.length + 1) }),
    );
}

/** What a model would read of one record. @param head of a table alone */
export function rowTexts(
  { text, bare = false }: DocumentRow,
  { kind, head, ...reading }: { kind: DocumentKind; head: TableHead | undefined } & RowReading,
): PlacedText[] {
  switch (kind) {
    case "prose":
      return text.trim() === "" ? [] : [whole({ text, at: 0 })];
    case "experiment":
      return experimentTexts(text);
    case "jsonl": {
      const fields = jsonFields(text);
      return fields === undefined ? [] : inputOf(fields, reading);
    }
    case "csv":
    case "tsv": {
      if (head === undefined || text.trim() === "") return [];
      const cells = tableCells(text, bare ? { ...head.form, quotes: false } : head.form);
      return inputOf(
        new Map(
          head.columns.flatMap((name, i) => {
            const cell = cells[i];
            return name === "" || cell === undefined ? [] : [[name, cell] as const];
          }),
        ),
        reading,
      );
    }
  }
}
