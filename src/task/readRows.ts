import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import * as z from "zod";
import { UserError } from "../experiment/errors.ts";
import type { Row } from "./example.ts";

const MAX_BYTES = 512 * 1024 * 1024;
const Fields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.unknown()), z.record(z.string(), z.unknown())]));

/**
 * Rows of a JSONL, CSV or TSV file (by its extension), UTF-8 with or without a byte-order mark.
 * @throws UserError naming the file and the line
 */
export function readRows(path: string): Row[] {
  const text = readText(path);
  const kind = extname(path).toLowerCase();
  const rows = kind === ".csv" ? table(text, path, ",") : kind === ".tsv" ? table(text, path, "\t") : jsonLines(text, path);
  if (rows.length === 0) throw new UserError(`${path} has no rows`, "Give a file with at least one example.");
  return rows;
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MAX_BYTES) throw new UserError(`${path} is larger than 512 MB`, "Split it, or sample from it.");
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function jsonLines(text: string, path: string): Row[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    if (content.trim() === "") return [];
    const line = index + 1;
    let json: unknown;
    try { json = JSON.parse(content); } catch (error) { throw new UserError(`${path}:${line}: not JSON: ${(error as Error).message}`, "Each line must be one JSON object."); }
    const parsed = Fields.safeParse(json);
    if (!parsed.success) throw new UserError(`${path}:${line}: not an object of fields`, "Each line must be one JSON object.");
    // A field that is null, or holds more than one value, is no field of text: templates name it if they want it.
    const fields: Record<string, string> = Object.fromEntries(Object.entries(parsed.data).flatMap(([k, v]) => (v === null || typeof v === "object" ? [] : [[k, String(v)]])));
    const lists = Object.fromEntries(Object.entries(parsed.data).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]) && entry[1].every((value) => typeof value === "string")));
    return [{ fields, lists, line }];
  });
}

function table(text: string, path: string, delimiter: string): Row[] {
  try {
    const records = parse(text, { delimiter, columns: true, info: true, skip_empty_lines: true, quote: delimiter === "\t" ? null : "\"" });
    return (records as unknown as { record: Record<string, string>; info: { lines: number } }[]).map(({ record, info }) => ({ fields: record, lists: {}, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError(`${path}: ${error.message}`, "Every row must have as many columns as the header.");
  }
}
