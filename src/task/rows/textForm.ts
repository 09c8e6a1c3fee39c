import { extname } from "node:path";
import { csvForm, tsvForm, type TableForm } from "../../experiment/tableForm.ts";
import type { Refuse } from "./badRows.ts";
import { wholeElements } from "./jsonHead.ts";
import { isLines, jsonLines, jsonRows } from "./jsonRows.ts";
import type { Row } from "./row.ts";
import { RecordFinder } from "./tableRecords.ts";
import { tableRows } from "./tableRows.ts";

/** The extension of a data file's name, without that of gzip. */
export const nameOf = (path: string): string => extname(path.toLowerCase().replace(/\.gz$/, ""));

/** The form of a text: its name says it, unless its first character does. */
export function kindOf(path: string, text: string): string {
  const named = nameOf(path);
  const isTable = named === ".csv" || named === ".tsv";
  const [first] = text.trimStart();
  if (isTable) return first === "{" && isObject(firstLineOf(text)) ? ".jsonl" : named;
  if (named === ".json") return named;
  // A list, or one object over several lines, is no JSON lines, whatever the name.
  return first === "[" || (first === "{" && /^\s*\{\s*\n/.test(text)) ? ".json" : named;
}

const firstLineOf = (text: string): string => /^\s*([^\n]*)/.exec(text)?.[1] ?? "";
function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** The form of the beginning of a text: a document that is JSON lines is told by its second object. */
export function kindOfHead(path: string, text: string, isAll: boolean): string {
  const named = kindOf(path, text);
  // The beginning of a second object may have been cut off.
  return named === ".json" && isLines(isAll ? text : `${text}{`) ? ".jsonl" : named;
}

/** The form of a table; undefined where the text is none. */
export function tableForm(kind: string, text: string): TableForm | undefined {
  if (kind === ".csv") return csvForm(text);
  return kind === ".tsv" ? tsvForm(text) : undefined;
}

/** How the rows of a text are read. */
export interface TextReading {
  kind: string;
  form: TableForm | undefined;
  headerless: readonly string[] | undefined;
  refuse: Refuse;
}

/**
 * Reads the rows of a text.
 * @throws UserError where it is wrong as a whole
 */
export function textRows(text: string, path: string, { kind, form, headerless, refuse }: TextReading): Row[] {
  if (form !== undefined) return tableRows(text, path, form, { refuse, ...(kind === ".tsv" && { headerless }) });
  return kind === ".json" ? jsonRows(text, path, refuse) : jsonLines(text, path, refuse);
}

/** Removes the record that the text ends within; undefined where there is no other. */
export function wholeRecords(text: string, kind: string, form: TableForm | undefined): string | undefined {
  if (kind === ".json") return wholeElements(text);
  if (!text.endsWith("\n")) return undefined;
  if (form?.quotes !== true) return text;
  const end = lastEnd(text, form);
  return end === 0 ? undefined : text.slice(0, end);
}

/** The index behind the last whole record of a table's beginning; 0 where none is whole. */
export function lastEnd(text: string, form: TableForm): number {
  const finder = new RecordFinder(text, form);
  for (let from = 0; ;) {
    const { end, isOpen } = finder.endOf(from);
    if (isOpen || end >= text.length) return from;
    from = end + 1;
  }
}
