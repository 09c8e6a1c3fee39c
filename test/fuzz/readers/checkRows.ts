import type { Row } from "../../../src/task/rows/row.ts";
import { holds } from "../reader.ts";

/** Rows are texts by name, each with its place. */
export function checkRows(rows: readonly Row[]): void {
  for (const { fields, lists, line } of rows) {
    holds(Object.getPrototypeOf(fields) === Object.prototype && line > 0 && Number.isInteger(line), "a row");
    for (const name of Object.keys(fields))
      holds(typeof Object.getOwnPropertyDescriptor(fields, name)?.value === "string", "a field that is no text");
    for (const name of Object.keys(lists))
      holds(Array.isArray(Object.getOwnPropertyDescriptor(lists, name)?.value), "a list that is none");
  }
}
