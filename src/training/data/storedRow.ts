import type { Row } from "../../task/rows/row.ts";

/** A row as JSON; a list of texts that is empty in most rows is left out. */
export function rowBytes({ lists, ...row }: Row): Buffer {
  return Buffer.from(JSON.stringify(Object.keys(lists).length === 0 ? row : { ...row, lists }));
}

/** The row of such bytes; undefined where they are none. */
export function storedRow(bytes: Buffer): Row | undefined {
  try {
    const row = JSON.parse(bytes.toString("utf8")) as Omit<Row, "lists"> & Partial<Pick<Row, "lists">>;
    return typeof row.fields === "object" ? { lists: {}, ...row } : undefined;
  } catch {
    return undefined;
  }
}
