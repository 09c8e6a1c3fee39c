/**
 * How a table's text is cut: what parts its cells, and whether quotes enclose them as RFC 4180 says; else a quote is a
 * character like the rest, as in GLUE's TSV.
 */
export interface TableForm {
  delimiter: string;
  quotes: boolean;
}

export const TSV: TableForm = { delimiter: "\t", quotes: false };
/**
 * What parts the cells of a .csv: Excel writes semicolons where the comma is the decimal sign, and many a program tabs.
 */
const DELIMITERS = [",", ";", "\t"];

/**
 * The form of a .csv by its header alone: the delimiter that the header has most of outside quotes, a comma where it
 * has none.
 * @param text begins with the header
 */
export function csvForm(text: string): TableForm {
  const counts = DELIMITERS.map(() => 0);
  let quoted = false;
  let begun = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    const which = DELIMITERS.indexOf(unit);
    if (unit === '"') quoted = !quoted;
    else if (unit === "\n" && !quoted && begun) break;
    else if (which >= 0 && !quoted) counts[which]!++;
    begun ||= unit.trim() !== "";
  }
  return { delimiter: DELIMITERS[counts.indexOf(Math.max(...counts))]!, quotes: true };
}

/**
 * The columns that the cells of a header name: spaces about a name are none of it; a column without a name is no field.
 */
export const columnNames = (header: readonly string[]): string[] => header.map((cell) => cell.trim());

/** Whether a line leaves a quoted cell open for the next line. @param open whether the line begins inside one */
export function leavesQuoteOpen(line: string, open: boolean): boolean {
  let quotes = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1 ? !open : open;
}

/**
 * Where a cell's text stands in its record. `quoted`: between quotes, so that each quote in it is doubled; `stray`: its
 * quotes are not as RFC 4180 has them.
 */
export interface Cell {
  from: number;
  to: number;
  quoted: boolean;
  stray: boolean;
}

/** The unit at which a quoted cell ends, doubled quotes passed over; the end of the record where none does. */
function closingQuote(record: string, from: number): number {
  for (let at = record.indexOf('"', from); at >= 0; at = record.indexOf('"', at + 2))
    if (record[at + 1] !== '"') return at;
  return record.length;
}

/** The cells of one record. */
export function cellsOf(record: string, { delimiter, quotes }: TableForm): Cell[] {
  const cells: Cell[] = [];
  for (let at = 0; at <= record.length;) {
    const quoted = quotes && record[at] === '"';
    const from = quoted ? at + 1 : at;
    const closed = quoted ? closingQuote(record, from) : at - 1;
    const next = record.indexOf(delimiter, closed + 1);
    const end = next < 0 ? record.length : next;
    cells.push({
      from,
      to: quoted ? closed : end,
      quoted,
      stray: quoted ? end !== closed + 1 : quotes && record.slice(from, end).includes('"'),
    });
    at = end + 1;
  }
  return cells;
}
