import { CsvError, parse } from "csv-parse/sync";
import { UserError } from "../experiment/errors.ts";
import type { Row } from "./example.ts";

const WIDTH = "Every row must have as many columns as the header.";

/** Rows of a CSV file with a header; quoted as RFC 4180. @throws UserError naming the file and the line */
export function csvRows(text: string, path: string): Row[] {
  try {
    const records = parse(text, { delimiter: ",", columns: true, info: true, skip_empty_lines: true });
    return (records as unknown as { record: Record<string, string>; info: { lines: number } }[]).map(({ record, info }) => ({ fields: record, lists: {}, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError(`${path}: ${error.message}`, WIDTH);
  }
}

/**
 * Rows of a TSV file, where a quote is a character like the rest, as in GLUE.
 * @param headerless the columns of a layout that has no header; a first line that names one of them is a header all the same
 * @throws UserError naming the file and the line whose columns are too few or too many
 */
export function tsvRows(text: string, path: string, headerless: readonly string[] | undefined): Row[] {
  const lines = text.split(/\r?\n/).map((content, index) => ({ content, line: index + 1 })).filter(({ content }) => content.trim() !== "");
  const first = lines[0]?.content.split("\t") ?? [], bare = headerless !== undefined && !first.some((name) => headerless.includes(name));
  const names = bare ? headerless : first, twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UserError(`${path}:${lines[0]!.line}: the header has the column "${twice}" twice`, "The first line of a table must name its columns.");
  return lines.slice(bare ? 0 : 1).map(({ content, line }) => {
    const cells = content.split("\t");
    if (cells.length !== names.length) throw new UserError(`${path}:${line}: ${cells.length} columns, not the ${names.length} of ${bare ? "this task's layout without a header" : "the header"}: ${names.join(", ")}`, WIDTH);
    return { fields: Object.fromEntries(names.map((name, index) => [name, cells[index]!])), lists: {}, line };
  });
}
