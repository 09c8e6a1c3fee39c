import type { TableForm } from "../experiment/tableForm.ts";
import type { RowReading } from "../experiment/templateParts.ts";
import { conversationTexts } from "./conversationTexts.ts";
import type { DocumentKind } from "./documentKind.ts";
import { experimentTexts } from "./experimentTexts.ts";
import { jsonFields } from "./jsonFields.ts";
import { joinedInput, singleText, type PlacedText, type SourceText } from "./placedText.ts";
import { tableCells } from "./tableFields.ts";

/** How a table is split into cells, and the names of its columns. */
export interface TableHead {
  form: TableForm;
  columns: readonly string[];
}

/** A row of a document: one line of it, or several lines that belong together. */
export interface DocumentRow {
  /** First line. */
  line: number;
  /** Number of lines. */
  lines: number;
  /** The lines, joined with "\n". */
  text: string;
  /** A quote in this line of a table is never closed, so that quotes in it are ordinary characters. */
  unclosedQuote?: boolean;
}

/** Whether a value is text for a model, not blank and not a number. */
const isText = ({ text }: SourceText): boolean => text.trim() !== "" && !/^[\s\d.,+-]*$/.test(text);

/**
 * Returns the input that the task makes from a row. If the task has no template, or the row lacks one of its fields,
 * returns each field that the task reads; if the row has none of those either, each of its texts.
 */
function inputTexts(values: ReadonlyMap<string, SourceText>, { reading, fields }: RowReading): PlacedText[] {
  const first = (names: readonly string[]): SourceText | undefined =>
    names.map((name) => values.get(name)).find((each) => each !== undefined);
  const input = reading?.map((part) => ("literal" in part ? part.literal : first(part.fields)));
  if (input?.every((part) => part !== undefined) === true) return [joinedInput(input)];
  const read = (fields ?? []).flatMap((names) => first(names) ?? []);
  return (read.length > 0 ? read : [...values.values()].filter(isText)).map(singleText);
}

/** Returns the cells of a table's row by their column's name. Columns without a name are left out. */
function cellsByColumn({ text, unclosedQuote = false }: DocumentRow, { form, columns }: TableHead) {
  const cells = tableCells(text, unclosedQuote ? { ...form, quotes: false } : form);
  return new Map(
    columns.flatMap((name, i) => {
      const cell = cells[i];
      return name === "" || cell === undefined ? [] : [[name, cell] as const];
    }),
  );
}

/**
 * Returns the texts that a model reads of a row.
 * @param how the document's kind, the table's head if it is a table, and how the run's task reads rows
 */
export function rowTexts(
  row: DocumentRow,
  how: { kind: DocumentKind; head: TableHead | undefined } & RowReading,
): PlacedText[] {
  const { text } = row;
  switch (how.kind) {
    case "prose":
      return text.trim() === "" ? [] : [singleText({ text, at: 0 })];
    case "experiment":
      return experimentTexts(text);
    case "jsonl": {
      if (how.turns !== undefined) return conversationTexts(text, how.turns);
      const fields = jsonFields(text);
      return fields === undefined ? [] : inputTexts(fields, how);
    }
    case "csv":
    case "tsv":
      return how.head === undefined || text.trim() === "" ? [] : inputTexts(cellsByColumn(row, how.head), how);
  }
}
