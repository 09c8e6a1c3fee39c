import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { parseExactly } from "./exactJson.ts";
import type { Row } from "./row.ts";
import { parsePart, squadRows } from "./squadRows.ts";
import { rowFromRecord } from "./rowFromRecord.ts";
import { rowLocation } from "./rowLocation.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

const Fields = z.record(z.string(), z.unknown());
const Data = z.object({ data: z.array(z.object({ paragraphs: z.array(z.unknown()) })) });

function parse(text: string, place: string, action: Phrase): unknown {
  try {
    return parseExactly(text);
  } catch (error) {
    throw new UserError("row-not-json", phrase`${place}: not JSON: ${(error as Error).message}`, action);
  }
}

function objectRow(value: unknown, path: string, place: Pick<Row, "line" | "unit">): Row {
  const parsed = Fields.safeParse(value);
  if (!parsed.success)
    throw new UserError(
      "row-not-object",
      phrase`${rowLocation(path, place)}: not an object of fields`,
      place.unit === undefined
        ? phrase`Each line must be one JSON object.`
        : phrase`Each element must be one JSON object.`,
    );
  return rowFromRecord(parsed.data, place);
}

/**
 * Reads rows of JSON lines: an object of fields each, or MRQA's format, whose first line is {"header": ...} and whose
 * other lines hold a context and its questions.
 * @throws UserError naming the file, the line and the field
 */
export function jsonLines(text: string, path: string): Row[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    if (content.trim() === "") return [];
    const place = { line: index + 1 };
    const value = parse(content, rowLocation(path, place), phrase`Each line must be one JSON object.`);
    if (typeof value !== "object" || value === null) return [objectRow(value, path, place)];
    if (index === 0 && Object.keys(value).join() === "header") return [];
    return "qas" in value ? squadRows(value, { path, inside: "", place, asked: 0 }) : [objectRow(value, path, place)];
  });
}

/**
 * Whether the text of a *.json file is JSON lines, as is common: its first line is a whole object, and another follows.
 */
export const isLines = (text: string): boolean => /^\s*\{.*\}[ \t]*\r?\n\s*\{/.test(text);

/**
 * Reads rows of a JSON file: SQuAD's {"data": [{"paragraphs": [...]}]}, a list of objects, or JSON lines.
 * @throws UserError naming the file, the question or row, and the field
 */
export function jsonRows(text: string, path: string): Row[] {
  if (isLines(text)) return jsonLines(text, path);
  const value = parse(text, path, phrase`Give SQuAD's layout, a list of objects, or one object a line.`);
  if (Array.isArray(value)) return value.map((each, index) => objectRow(each, path, { line: index + 1, unit: "row" }));
  const rows: Row[] = [];
  parsePart(Data, value, { path, inside: "" }).data.forEach(({ paragraphs }, article) => {
    paragraphs.forEach((paragraph, index) => {
      for (const row of squadRows(paragraph, {
        path,
        inside: `data.${article}.paragraphs.${index}`,
        place: undefined,
        asked: rows.length,
      }))
        rows.push(row);
    });
  });
  return rows;
}
