import type { Row } from "./row.ts";

/** Units that no column's name is likely to have. */
const LONG = 120;
const ROWS = 2000;
const isNumber = (name: string): boolean => /^-?\d+([.,]\d+)?$/.test(name);
/** Some programs name columns by counting them. */
const counts = (name: string, columns: number): boolean => Number.isInteger(Number(name)) && Number(name) <= columns;

/**
 * Whether the names of a table's columns look like an example of it, so that its first line may be no header: a name
 * that is a value of its own column, a number that does not count the columns, a text of some length.
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
