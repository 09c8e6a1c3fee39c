import type { Row } from "./row.ts";

/** The longest name (UTF-16 units) that is likely a column's. */
const LONG = 120;
const ROWS = 2000;
const isNumber = (name: string): boolean => /^-?\d+([.,]\d+)?$/.test(name);
/** Whether a name is the number of a column: some programs name columns so. */
const counts = (name: string, columns: number): boolean => Number.isInteger(Number(name)) && Number(name) <= columns;

/**
 * Whether the names of a table's columns look like a row of it, so that its first line may not be a header: a name that
 * is a value of its own column, a number that is not a column's number, or a long text.
 */
export function looksHeaderless(rows: readonly Row[]): boolean {
  const some = rows.slice(0, ROWS);
  const names = Object.keys(some[0]?.fields ?? {});
  return names.some(
    (name) =>
      name.length > LONG ||
      (isNumber(name) && !counts(name, names.length)) ||
      some.some(({ fields }) => Object.hasOwn(fields, name) && fields[name]!.trim() === name),
  );
}
