import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { cellsOf, columnNames, leavesQuoteOpen, type TableForm } from "../../experiment/tableForm.ts";
import type { Row } from "./row.ts";

const HEADER = phrase`The first line of a table must name its columns, each by a different name.`;
const NAMED: Readonly<Record<string, Phrase>> = {
  ",": phrase`a comma`,
  ";": phrase`a semicolon`,
  "\t": phrase`a tab`,
};

interface TableRecord {
  cells: string[];
  line: number;
}

/**
 * Parses the cells of one record.
 * @throws UserError where a quote is inside a cell or is not closed
 */
function recordAt(text: string, line: number, path: string, form: TableForm): TableRecord {
  const cells = cellsOf(text, form).map(({ from, to, quoted, stray }, index) => {
    if (stray)
      throw new UserError(
        "table-quote-malformed",
        phrase`${path}:${line}: a quote stands inside cell ${index + 1}, or is not closed`,
        phrase`Put the whole cell in quotes, nothing before the first and after the last of them, and write each quote inside it twice.`,
      );
    return quoted ? text.slice(from, to).replaceAll('""', '"') : text.slice(from, to);
  });
  return { cells, line };
}

/**
 * Splits a table into records, each with the line that it starts on. A quoted cell may span lines; blank records are
 * left out.
 */
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

/** The number of columns that a message lists. */
const MOST_NAMED = 50;
/** A table with more columns is no set of examples, but a file of another kind. */
const MOST_COLUMNS = 10_000;

/**
 * Reads the names of a table's columns.
 * @throws UserError where there are too many columns, or two have the same name
 */
function headerOf({ cells, line }: TableRecord, path: string): string[] {
  if (cells.length > MOST_COLUMNS)
    throw new UserError(
      "table-too-many-columns",
      phrase`${path}:${line}: the header has ${cells.length} columns, more than ${MOST_COLUMNS}`,
      HEADER,
    );
  const names = columnNames(cells);
  const earlier = new Set<string>();
  const twice = names.find((name) => {
    const isKnown = name !== "" && earlier.has(name);
    earlier.add(name);
    return isKnown;
  });
  if (twice !== undefined)
    throw new UserError(
      "table-column-twice",
      phrase`${path}:${line}: the header has the column "${twice}" twice`,
      HEADER,
    );
  return names;
}

/**
 * Reads the rows of a table whose first line names its columns.
 * @param headerless the columns of a layout without a header; if the first line has one of these names, it is a header
 * nevertheless
 * @throws UserError naming the file and the line with too few or too many columns, or misplaced quotes
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
        "table-row-columns",
        phrase`${path}:${line}: ${cells.length} columns, not the ${names.length} of ${bare ? phrase`this task's layout without a header` : phrase`the header`}: ${names.slice(0, MOST_NAMED).join(", ")}`,
        form.quotes
          ? phrase`Every row must have as many columns as the header: a cell that contains ${NAMED[form.delimiter]!} must be in quotes.`
          : phrase`Every row must have as many columns as the header.`,
      );
    }
    return { fields: Object.fromEntries(named.map(([name, index]) => [name, cells[index]!])), lists: {}, line };
  });
}
