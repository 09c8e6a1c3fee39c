import { extname } from "node:path";
import { UserError } from "../experiment/errors.ts";
import { dataText } from "./dataText.ts";
import type { Row } from "./example.ts";
import { jsonLines, jsonRows } from "./jsonRows.ts";
import { parquetRows } from "./parquetRows.ts";
import { csvRows, tsvRows } from "./tableRows.ts";

/**
 * Rows of a data file by its extension: Parquet; CSV, TSV, JSON (SQuAD's, or a list) and else JSON lines (also MRQA's), each also as .gz.
 * @param headerless columns of a TSV that may have no header
 * @throws UserError naming the file, the line or row, and the field
 */
export async function readRows(path: string, headerless?: readonly string[]): Promise<Row[]> {
  const kind = extname(path.toLowerCase().replace(/\.gz$/, ""));
  const rows = kind === ".parquet" ? await parquetRows(path) : textRows(await dataText(path), { path, kind, headerless });
  if (rows.length === 0) throw new UserError(`${path} has no rows`, "Give a file with at least one example.");
  return rows;
}

function textRows(text: string, { path, kind, headerless }: { path: string; kind: string; headerless: readonly string[] | undefined }): Row[] {
  if (kind === ".csv") return csvRows(text, path);
  if (kind === ".tsv") return tsvRows(text, path, headerless);
  return kind === ".json" ? jsonRows(text, path) : jsonLines(text, path);
}
