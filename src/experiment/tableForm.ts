/**
 * How a table's text is cut into cells: the delimiter, and whether quotes enclose cells as in RFC 4180; without quotes
 * a quote is an ordinary character, as in GLUE's TSV.
 */
export interface TableForm {
  delimiter: string;
  quotes: boolean;
}

/** The form of a .tsv file. */
export const TSV: TableForm = { delimiter: "\t", quotes: false };
/**
 * Delimiters of a .csv: Excel writes semicolons where the comma is the decimal sign, and some programs write tabs.
 */
const DELIMITERS = [",", ";", "\t"];

/**
 * Determines the form of a .csv from its header: the most frequent delimiter outside quotes, or a comma if there is
 * none.
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
 * The column names of a header's cells, trimmed; a column without a name is not a field.
 */
export const columnNames = (header: readonly string[]): string[] => header.map((cell) => cell.trim());

/** Whether a line leaves a quoted cell open for the next line. @param open whether the line begins inside one */
export function leavesQuoteOpen(line: string, open: boolean): boolean {
  let quotes = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1 ? !open : open;
}

/**
 * The range of a cell's text in its record. `quoted`: the text is between quotes, and each quote inside is doubled;
 * `stray`: its quotes break RFC 4180.
 */
export interface Cell {
  from: number;
  to: number;
  quoted: boolean;
  stray: boolean;
}

/** The index at which a quoted cell ends, after doubled quotes; the record's end where the quote is not closed. */
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
