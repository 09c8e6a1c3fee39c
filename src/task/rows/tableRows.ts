import { UserError } from "../../base/errors.ts";
import { cellsOf, columnNames, leavesQuoteOpen, type TableForm } from "../../experiment/tableForm.ts";
import type { Row } from "./row.ts";

const HEADER = "The first line of a table must name its columns, each by a name of its own.";
const NAMED: Readonly<Record<string, string>> = { ",": "a comma", ";": "a semicolon", "\t": "a tab" };

interface TableRecord {
  cells: string[];
  line: number;
}

/** One record's cells. @throws UserError where a quote stands that encloses nothing */
function recordAt(text: string, line: number, path: string, form: TableForm): TableRecord {
  const cells = cellsOf(text, form).map(({ from, to, quoted, stray }, index) => {
    if (stray)
      throw new UserError(
        `${path}:${line}: a quote stands inside cell ${index + 1}, or is not closed`,
        "Put the whole cell in quotes, nothing before the first and after the last of them, and write each quote inside it twice.",
      );
    return quoted ? text.slice(from, to).replaceAll('""', '"') : text.slice(from, to);
  });
  return { cells, line };
}

/** Records with the line they start on; a quoted cell goes over lines, what is blank is no record. */
function recordsOf(text: string, path: string, form: TableForm): TableRecord[] {
  const records: TableRecord[] = [];
  const lines = text.split(/\r?\n/);
  for (let line = 0; line < lines.length;) {
    let end = line + 1;
    for (let open = form.quotes && leavesQuoteOpen(lines[line]!, false); open && end < lines.length; end++)
      open = leavesQuoteOpen(lines[end]!, true);
    const record = recordAt(end === line + 1 ? lines[line]! : lines.slice(line, end).join("\n"), line + 1, path, form);
    if (record.cells.some((cell) => cell.trim() !== "")) records.push(record);
    line = end;
  }
  return records;
}

/** Columns that a message names. */
const MOST_NAMED = 50;
/** Columns beyond which a table is no set of examples, but a file of another kind. */
const MOST_COLUMNS = 10_000;

/** The columns of a table by its header. @throws UserError where they are none, or one name stands for two */
function headerOf({ cells, line }: TableRecord, path: string): string[] {
  if (cells.length > MOST_COLUMNS)
    throw new UserError(`${path}:${line}: the header has ${cells.length} columns, more than ${MOST_COLUMNS}`, HEADER);
  const names = columnNames(cells);
  const seen = new Set<string>();
  const twice = names.find((name) => {
    const known = name !== "" && seen.has(name);
    seen.add(name);
    return known;
  });
  if (twice !== undefined) throw new UserError(`${path}:${line}: the header has the column "${twice}" twice`, HEADER);
  return names;
}

/**
 * Rows of a table whose first line names its columns.
 * @param headerless the columns of a layout that has no header; a first line that names one of them is a header all the
 * same
 * @throws UserError naming the file and the line whose columns are too few or too many, or whose quotes are odd
 */
export function tableRows(text: string, path: string, form: TableForm, headerless?: readonly string[]): Row[] {
  const records = recordsOf(text, path, form);
  const [first] = records;
  if (first === undefined) return [];
  const bare = headerless !== undefined && !columnNames(first.cells).some((name) => headerless.includes(name));
  const names = bare ? headerless : headerOf(first, path);
  const named = names.flatMap((name, index) => (name === "" ? [] : [[name, index] as const]));
  return records.slice(bare ? 0 : 1).map(({ cells, line }) => {
    if (cells.length !== names.length) {
      throw new UserError(
        `${path}:${line}: ${cells.length} columns, not the ${names.length} of ${bare ? "this task's layout without a header" : "the header"}: ${names.slice(0, MOST_NAMED).join(", ")}`,
        form.quotes
          ? `Every row must have as many columns as the header: a cell that holds ${NAMED[form.delimiter]!} stands in quotes.`
          : "Every row must have as many columns as the header.",
      );
    }
    return { fields: Object.fromEntries(named.map(([name, index]) => [name, cells[index]!])), lists: {}, line };
  });
}
