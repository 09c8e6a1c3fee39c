import { UserError } from "../../base/errors.ts";
import { phrase, verbatim, type Phrase } from "../../base/phrase.ts";
import { cellsOf, columnNames, leavesQuoteOpen, sepLine, type TableForm } from "../../experiment/tableForm.ts";
import { refuseAll, type Refuse } from "./badRows.ts";
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
 * left out. After a bad record the next line begins another, so that a stray quote takes no good rows with it.
 */
function recordsOf(text: string, path: string, form: TableForm, refuse: Refuse): TableRecord[] {
  const records: TableRecord[] = [];
  const lines = text.split(/\r?\n/);
  /** Returns whether the record is a good one. */
  const add = (content: string, line: number): boolean => {
    try {
      const record = recordAt(content, line + 1, path, form);
      if (record.cells.some((cell) => cell.trim() !== "")) records.push(record);
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refuse(error, line + 1);
      return false;
    }
  };
  // Whether some quote may be closed yet: after one that is not, no other is looked for to the end of the file.
  let closes = form.quotes;
  for (let line = sepLine(lines[0]!) === undefined || !form.quotes ? 0 : 1; line < lines.length;) {
    let end = line + 1;
    let open = closes && leavesQuoteOpen(lines[line]!, false);
    for (; open && end < lines.length; end++) open = leavesQuoteOpen(lines[end]!, true);
    if (open) {
      closes = false;
      end = line + 1;
    }
    const isGood = add(end === line + 1 ? lines[line]! : lines.slice(line, end).join("\n"), line);
    line = isGood ? end : line + 1;
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

/** How a table is read: the columns of a layout without a header, and what takes the errors of single rows. */
export interface TableReading {
  headerless?: readonly string[] | undefined;
  refuse?: Refuse;
}

/**
 * Reads the rows of a table whose first line names its columns.
 * @param headerless the columns of a layout without a header; if the first line has one of these names, it is a header
 * nevertheless
 * @param refuse takes the error of each row with too few or too many columns, or misplaced quotes; it names file and
 * line
 * @throws UserError where the header is wrong
 */
export function tableRows(
  text: string,
  path: string,
  form: TableForm,
  { headerless, refuse = refuseAll }: TableReading = {},
): Row[] {
  const records = recordsOf(text, path, form, refuse);
  const [first] = records;
  if (first === undefined) return [];
  const bare = headerless !== undefined && !columnNames(first.cells).some((name) => headerless.includes(name));
  const names = bare ? headerless : headerOf(first, path);
  const named = names.flatMap((name, index) => (name === "" ? [] : [[name, index] as const]));
  const wrong = ({ cells, line }: TableRecord): UserError =>
    new UserError(
      "table-row-columns",
      phrase`${path}:${line}: ${cells.length} columns, not the ${names.length} of ${bare ? phrase`this task's layout without a header` : phrase`the header`}: ${names.slice(0, MOST_NAMED).join(", ")}`,
      form.quotes
        ? phrase`Every row must have as many columns as the header: a cell that contains ${NAMED[form.delimiter] ?? verbatim(form.delimiter)} must be in quotes.`
        : phrase`Every row must have as many columns as the header.`,
    );
  return records.slice(bare ? 0 : 1).flatMap((record): Row[] => {
    const { cells, line } = record;
    if (cells.length === names.length)
      return [{ fields: Object.fromEntries(named.map(([name, index]) => [name, cells[index]!])), lists: {}, line }];
    refuse(wrong(record), line);
    return [];
  });
}
