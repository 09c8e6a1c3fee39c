/** A table's header and rows. */
export interface TableText {
  header: readonly string[];
  rows: readonly (readonly string[])[];
}
/** A part of a table that is cut by its columns. */
export interface TablePart extends TableText {
  /** Characters of each column where its texts break between words. */
  widths: number[];
}

/** Characters that fit beside each other on a sheet of paper in the print of tables, with the space between columns. */
const PAGE = 110;
/** Characters that the space between two columns takes. */
const BETWEEN = 2;
/** A text that is longer breaks between words. */
const LONGEST = 34;

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

/** Cells stay on one line unless they are long; words of the header stand below each other. */
function widthOf(name: string, cells: readonly string[]): number {
  const words = [...name.split(" "), ...cells.flatMap((cell) => (cell.length > LONGEST ? cell.split(" ") : []))];
  return Math.max(longest(words), Math.min(LONGEST, longest(cells)));
}

/** How many of the first columns tell all rows from each other; one where none do. */
function keyColumns({ header, rows }: TableText): number {
  for (let count = 1; count < header.length; count++)
    if (new Set(rows.map((row) => JSON.stringify(row.slice(0, count)))).size === rows.length) return count;
  return 1;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value + BETWEEN, 0);

/**
 * Cuts a table that is wider than a sheet of paper into parts to stand below each other. Each begins with the columns
 * that tell its rows from each other; a table that fits is one part.
 */
export function tableParts(table: TableText): TablePart[] {
  const all = table.header.map((name, i) =>
    widthOf(
      name,
      table.rows.map((row) => row[i] ?? ""),
    ),
  );
  const wanted = keyColumns(table);
  const keys = sum(all.slice(0, wanted)) > PAGE / 2 ? 1 : wanted;
  const groups: number[][] = [[]];
  let room = PAGE - sum(all.slice(0, keys));
  for (let i = keys; i < all.length; i++) {
    const needed = all[i]! + BETWEEN;
    if (needed > room && groups.at(-1)!.length > 0) {
      groups.push([]);
      room = PAGE - sum(all.slice(0, keys));
    }
    groups.at(-1)!.push(i);
    room -= needed;
  }
  return groups.map((group) => {
    const columns = [...Array(Math.min(keys, all.length)).keys(), ...group];
    const rows = table.rows.map((row) => columns.map((i) => row[i] ?? ""));
    return {
      header: columns.map((i) => table.header[i]!),
      rows,
      widths: widened(
        columns.map((i) => all[i]!),
        rows,
      ),
    };
  });
}

/** Gives the room that is left on the page to the columns whose texts break, from the left. */
function widened(widths: readonly number[], rows: TableText["rows"]): number[] {
  let room = PAGE - sum(widths);
  return widths.map((width, i) => {
    const more = Math.max(0, Math.min(room, longest(rows.map((row) => row[i]!)) - width));
    room -= more;
    return width + more;
  });
}
