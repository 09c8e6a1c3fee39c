import type { Row } from "./row.ts";

/** Rows, and characters of them, that are sent to another thread or process at a time, about. */
const MOST_ROWS = 4096;
const MOST_TEXT = 1 << 22;

function sizeOf({ fields, objects }: Row): number {
  let size = objects === undefined ? 0 : JSON.stringify(objects).length;
  for (const text of Object.values(fields)) size += text.length;
  return size;
}

/** Cuts rows into parts that are not too large for one message. */
export function* rowsTogether(rows: Iterable<Row>): Generator<Row[]> {
  let some: Row[] = [];
  let size = 0;
  for (const row of rows) {
    some.push(row);
    size += sizeOf(row);
    if (some.length < MOST_ROWS && size < MOST_TEXT) continue;
    yield some;
    some = [];
    size = 0;
  }
  if (some.length > 0) yield some;
}
