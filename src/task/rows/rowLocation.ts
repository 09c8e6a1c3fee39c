import type { Row } from "./row.ts";

/** The location of a row for messages: "train.tsv:3", or "train.parquet, row 3" where the file has no lines. */
export function rowLocation(path: string, { line, unit }: Pick<Row, "line" | "unit">): string {
  return unit === undefined ? `${path}:${line}` : `${path}, ${unit} ${line}`;
}
