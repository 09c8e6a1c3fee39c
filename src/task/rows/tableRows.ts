import { UserError } from "../../base/errors.ts";
import { phrase, verbatim, type Phrase } from "../../base/phrase.ts";
import { cellsOf, columnNames, sepLine, type TableForm } from "../../experiment/tableForm.ts";
import { refuseAll, type Refuse } from "./badRows.ts";
import type { Row } from "./row.ts";
import { RecordFinder } from "./tableRecords.ts";

const HEADER = phrase`The first line of a table must name its columns, each by a different name.`;
const NAMED: Readonly<Record<string, Phrase>> = {
  ",": phrase`a comma`,
  ";": phrase`a semicolon`,
  "\t": phrase`a tab`,
};

const RETURN = 0x0d;

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

/** Where a text stands in its file: the line of its beginning, from 1. */
export interface TextPlace {
  path: string;
  line: number;
}

/**
 * The records of a table, each with the line that it starts on. A quoted cell may span lines; blank records are left
 * out. After a bad record the next line begins another, so that a stray quote takes no good rows with it.
 */
function* recordsOf(
  text: string,
  { path, line: first }: TextPlace,
  form: TableForm,
  refuse: Refuse,
): Generator<TableRecord & { next: number }> {
  const finder = new RecordFinder(text, form);
  for (let from = 0, line = first; from <= text.length;) {
    const { end } = finder.endOf(from);
    const raw = text.slice(from, text.charCodeAt(end - 1) === RETURN && end > from ? end - 1 : end);
    const breaks = countBreaks(raw);
    const record = breaks === 0 ? attempt(raw, line) : attempt(raw.replaceAll("\r\n", "\n"), line);
    from = end + 1;
    line += breaks + 1;
    if (record?.cells.some((cell) => cell.trim() !== "") === true) yield { ...record, next: from };
  }
  function attempt(content: string, line: number): TableRecord | undefined {
    try {
      return recordAt(content, line, path, form);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refuse(error, line);
      return undefined;
    }
  }
}

function countBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
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

/** The columns of a table, and where its rows begin. */
export interface TableHead {
  form: TableForm;
  names: readonly string[];
  /** Whether the names are not from the file: the layout has no header. */
  isBare: boolean;
  /** The index in the text, and the line in the file. */
  from: number;
  line: number;
}

/**
 * Reads the first record of a table, which names its columns.
 * @param headerless the columns of a layout without a header; if the first line has one of these names, it is a header
 * nevertheless
 * @returns undefined where the table has no records
 * @throws UserError where the header is wrong
 */
export function tableHead(
  text: string,
  path: string,
  form: TableForm,
  { headerless, refuse = refuseAll }: TableReading = {},
): TableHead | undefined {
  const first = text.indexOf("\n") < 0 ? text.length : text.indexOf("\n");
  const isSep = form.quotes && sepLine(text.slice(0, first)) !== undefined;
  const begin = isSep ? { from: first + 1, line: 2 } : { from: 0, line: 1 };
  const early: [UserError, number][] = [];
  const note: Refuse = (error, line) => early.push([error, line]);
  for (const record of recordsOf(text.slice(begin.from), { path, line: begin.line }, form, note)) {
    const isBare = headerless !== undefined && !columnNames(record.cells).some((name) => headerless.includes(name));
    // The rows of a table without a header are read from its beginning again.
    if (isBare) return { form, names: headerless, isBare, ...begin };
    for (const [error, line] of early) refuse(error, line);
    const from = begin.from + record.next;
    return { form, names: headerOf(record, path), isBare, from, line: 1 + countBreaks(text.slice(0, from)) };
  }
  for (const [error, line] of early) refuse(error, line);
  return undefined;
}

/**
 * Reads rows of a table behind its header.
 * @param text whole records
 * @param refuse takes the error of each row with too few or too many columns, or misplaced quotes; it names file and
 * line
 */
export function tableBody(text: string, place: TextPlace, head: TableHead, refuse: Refuse): Row[] {
  const { form, names, isBare } = head;
  const named = names.flatMap((name, index) => (name === "" ? [] : [[name, index] as const]));
  const wrong = ({ cells, line }: TableRecord): UserError =>
    new UserError(
      "table-row-columns",
      phrase`${place.path}:${line}: ${cells.length} columns, not the ${names.length} of ${isBare ? phrase`this task's layout without a header` : phrase`the header`}: ${names.slice(0, MOST_NAMED).join(", ")}`,
      form.quotes
        ? phrase`Every row must have as many columns as the header: a cell that contains ${NAMED[form.delimiter] ?? verbatim(form.delimiter)} must be in quotes.`
        : phrase`Every row must have as many columns as the header.`,
    );
  const rows: Row[] = [];
  for (const record of recordsOf(text, place, form, refuse)) {
    const { cells, line } = record;
    if (cells.length !== names.length) {
      refuse(wrong(record), line);
      continue;
    }
    const fields: Record<string, string> = {};
    for (const [name, index] of named) setField(fields, name, cells[index]!);
    rows.push({ fields, lists: {}, line });
  }
  return rows;
}

/** Sets a field; "__proto__" is a name like any other. */
function setField(fields: Record<string, string>, name: string, value: string): void {
  if (name === "__proto__") Object.defineProperty(fields, name, { value, enumerable: true, configurable: true });
  else fields[name] = value;
}

/**
 * Reads the rows of a table whose first line names its columns.
 * @throws UserError where the header is wrong
 */
export function tableRows(text: string, path: string, form: TableForm, reading: TableReading = {}): Row[] {
  const head = tableHead(text, path, form, reading);
  if (head === undefined) return [];
  return tableBody(text.slice(head.from), { path, line: head.line }, head, reading.refuse ?? refuseAll);
}
