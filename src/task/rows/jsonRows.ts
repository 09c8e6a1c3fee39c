import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { refuseAll, type Refuse } from "./badRows.ts";
import { parseExactly } from "./exactJson.ts";
import { layoutRows } from "./jsonLayout.ts";
import type { Row } from "./row.ts";
import { parsePart, squadRows } from "./squadRows.ts";
import { rowFromRecord } from "./rowFromRecord.ts";
import { rowLocation } from "./rowLocation.ts";

const Fields = z.record(z.string(), z.unknown());
const Data = z.object({ data: z.array(z.object({ paragraphs: z.array(z.unknown()) })) });
const LINE_ACTION = phrase`Each line must be one JSON object; the name of a table ends in .csv or .tsv.`;

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

/** The rows of one part of a file; where they throw a UserError, none. */
function attempt(refuse: Refuse, line: number, work: () => Row[]): Row[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    refuse(error, line);
    return [];
  }
}

/**
 * Reads rows of JSON lines: an object of fields each, or MRQA's format, whose first line is {"header": ...} and whose
 * other lines hold a context and its questions.
 * @param refuse takes the error of each line that is wrong, which names the file, the line and the field
 * @param first the line of the file with which the text begins
 */
export function jsonLines(text: string, path: string, refuse: Refuse = refuseAll, first = 1): Row[] {
  const rowsOf = (content: string, line: number): Row[] => {
    const place = { line };
    const value = parse(content, rowLocation(path, place), LINE_ACTION);
    if (typeof value !== "object" || value === null) return [objectRow(value, path, place)];
    if (line === 1 && Object.keys(value).join() === "header") return [];
    return "qas" in value ? squadRows(value, { path, inside: "", place, asked: 0 }) : [objectRow(value, path, place)];
  };
  return text
    .split(/\r?\n/)
    .flatMap((content, index) =>
      content.trim() === "" ? [] : attempt(refuse, index + first, () => rowsOf(content, index + first)),
    );
}

/**
 * Whether the text of a *.json file is JSON lines, as is common: its first line is a whole object, and another follows.
 */
export const isLines = (text: string): boolean => /^\s*\{.*\}[ \t]*\r?\n\s*\{/.test(text);

/** The questions of SQuAD's layout. */
function squadFile(value: unknown, path: string): Row[] {
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

/**
 * Reads rows of a JSON file: SQuAD's {"data": [{"paragraphs": [...]}]}, a list of objects, one of the other layouts
 * that programs write (`layoutRows`), or JSON lines.
 * @param refuse takes the error of each element that is wrong
 * @throws UserError naming the file, the question, and the field
 */
export function jsonRows(text: string, path: string, refuse: Refuse = refuseAll): Row[] {
  if (isLines(text)) return jsonLines(text, path, refuse);
  const value = parse(text, path, phrase`Give SQuAD's layout, a list of objects, or one object a line.`);
  const list = Array.isArray(value) ? (value as unknown[]) : layoutRows(value, path);
  return list === undefined
    ? squadFile(value, path)
    : list.flatMap((each, index) =>
        attempt(refuse, index + 1, () => [objectRow(each, path, { line: index + 1, unit: "row" })]),
      );
}
