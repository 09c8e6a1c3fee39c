import { extname } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { csvForm, leavesQuoteOpen, TSV } from "../../experiment/tableForm.ts";
import { dataText, firstText } from "./dataText.ts";
import type { Row } from "./row.ts";
import { wholeElements } from "./jsonHead.ts";
import { isLines, jsonLines, jsonRows } from "./jsonRows.ts";
import { readParquet } from "./parquetProcess.ts";
import { tableRows } from "./tableRows.ts";

const kindOf = (path: string): string => extname(path.toLowerCase().replace(/\.gz$/, ""));

/** Rows of a data file, and whether they are all of its rows. */
export interface SomeRows {
  rows: Row[];
  all: boolean;
}

/**
 * Reads the rows of a data file by its extension: Parquet, CSV, TSV, JSON (SQuAD's, or a list), and otherwise JSON
 * lines (also MRQA's). Each but Parquet may be packed as .gz.
 * @param headerless columns of a TSV that may have no header
 * @throws UserError naming the file, the line or row, and the field
 */
export async function readRows(path: string, headerless?: readonly string[]): Promise<Row[]> {
  const kind = kindOf(path);
  return someOf(
    path,
    kind === ".parquet"
      ? (await readParquet(path, Infinity)).rows
      : textRows(await dataText(path), path, kind, headerless),
  );
}

/**
 * Reads the first rows of a data file, those within its first bytes, so that a file of any size takes a moment.
 * @throws UserError as `readRows` does, and where no row is whole within these bytes
 */
export async function firstRows(path: string, bytes: number): Promise<SomeRows> {
  const named = kindOf(path);
  if (named === ".parquet") {
    const { rows, all } = await readParquet(path, bytes);
    return { rows: someOf(path, rows), all };
  }
  // `isLines` needs the beginning of a second object, which the bytes may have cut off.
  const { text, all } = await firstText(path, bytes);
  const kind = named === ".json" && isLines(all ? text : `${text}{`) ? ".jsonl" : named;
  const whole = all ? text : wholeRecords(text, kind);
  if (whole === undefined)
    throw new UserError(
      "row-too-long",
      phrase`${path}: its first ${Math.round(bytes / 1e6)} MB hold no whole row`,
      phrase`Give a file of shorter rows.`,
    );
  return { rows: someOf(path, textRows(whole, path, kind, undefined)), all };
}

function someOf(path: string, rows: Row[]): Row[] {
  if (rows.length === 0)
    throw new UserError("data-file-empty", phrase`${path} has no rows`, phrase`Give a file with at least one example.`);
  return rows;
}

function textRows(text: string, path: string, kind: string, headerless: readonly string[] | undefined): Row[] {
  if (kind === ".csv") return tableRows(text, path, csvForm(text));
  if (kind === ".tsv") return tableRows(text, path, TSV, headerless);
  return kind === ".json" ? jsonRows(text, path) : jsonLines(text, path);
}

/** Removes the record that the text ends within; undefined where there is no other. */
function wholeRecords(text: string, kind: string): string | undefined {
  if (kind === ".json") return wholeElements(text);
  if (!text.endsWith("\n")) return undefined;
  if (kind !== ".csv") return text;
  let end = 0;
  for (let from = 0, open = false; from < text.length;) {
    const next = text.indexOf("\n", from) + 1;
    open = leavesQuoteOpen(text.slice(from, next), open);
    if (!open) end = next;
    from = next;
  }
  return end === 0 ? undefined : text.slice(0, end);
}
