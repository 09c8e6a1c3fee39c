/**
 * How a table's text is cut into cells: the delimiter, and whether quotes enclose cells as in RFC 4180; without quotes
 * a quote is an ordinary character, as in GLUE's TSV.
 */
export interface TableForm {
  delimiter: string;
  quotes: boolean;
}

/** The form of a raw .tsv file. */
export const TSV: TableForm = { delimiter: "\t", quotes: false };
/**
 * Delimiters of a .csv: Excel writes semicolons where the comma is the decimal sign, and some programs write tabs.
 */
const DELIMITERS = [",", ";", "\t"];

/** The delimiter that Excel's first line "sep=;" names; undefined where the line is none. */
export const sepLine = (line: string): string | undefined => /^"?sep=([^\r\n])"?\s*$/i.exec(line)?.[1];

/** The first line of a text. */
const firstLine = (text: string): string => text.slice(0, /\r?\n|$/.exec(text)!.index);

/**
 * Determines the form of a .csv from its header: the delimiter that Excel's first line names, else the most frequent
 * one outside quotes, or a comma if there is none.
 * @param text begins with the header, or with Excel's line
 */
export function csvForm(text: string): TableForm {
  const named = sepLine(firstLine(text));
  if (named !== undefined) return { delimiter: named, quotes: true };
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

/** Characters and lines of a .tsv by which its form is told, and how many lines a quoted cell may have there. */
const LOOKED_AT = 1 << 20;
const MOST_LINES = 2000;
const MOST_CELL_LINES = 200;

/** How well a text fits a form: records that do not, and whether quotes were written to be taken away. */
function fit(lines: readonly string[], form: TableForm): { bad: number; needsQuotes: boolean } {
  let bad = 0;
  let needsQuotes = false;
  let columns: number | undefined;
  for (let line = 0; line < lines.length;) {
    let end = line + 1;
    let open = form.quotes && leavesQuoteOpen(lines[line]!, false);
    for (; open && end < Math.min(lines.length, line + MOST_CELL_LINES); end++)
      open = leavesQuoteOpen(lines[end]!, true);
    if (open) end = line + 1;
    const record = lines.slice(line, end).join("\n");
    line = end;
    if (record.trim() === "") continue;
    const cells = cellsOf(record, form);
    const isHeader = columns === undefined;
    columns ??= cells.length;
    if (cells.length !== columns || cells.some(({ stray }) => stray)) bad++;
    else
      needsQuotes ||= cells.some(
        ({ from, to, quoted }) => quoted && (isHeader || record.slice(from, to).includes('""')),
      );
  }
  return { bad, needsQuotes };
}

/**
 * Determines the form of a .tsv from its rows. Raw TSV has quotes as ordinary characters, as GLUE's files; programs
 * that quote cells write tabs, line breaks and doubled quotes inside them, or quote the header too.
 * @param text begins with the header
 */
export function tsvForm(text: string): TableForm {
  if (!/(^|[\t\n])"/.test(text.slice(0, LOOKED_AT))) return TSV;
  const lines = text.slice(0, LOOKED_AT).split(/\r?\n/).slice(0, MOST_LINES);
  if (text.length > LOOKED_AT) lines.pop();
  const quoting = { ...TSV, quotes: true };
  const quoted = fit(lines, quoting);
  const raw = fit(lines, TSV);
  const isQuoted = quoted.bad < raw.bad || (quoted.bad === raw.bad && quoted.bad === 0 && quoted.needsQuotes);
  return isQuoted ? quoting : TSV;
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
